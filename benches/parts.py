"""What the parts of a request on Redis take, in one side's process.

Its tasks, see tasks.py; a round is answered by the median microseconds of each part:

    {"open": NAME, "url": URL}
    {"round": NAME, "case": "read" or "modify", "seconds": S}

A part is timed by itself, in turn with whole requests: the client by asking it for what the interface asks,
the codec by giving it what the client brought, Set-Cookie by the difference that it makes to leave it out.
"""

from __future__ import annotations

import statistics
import time
from itertools import cycle
from typing import TYPE_CHECKING, Any

from flask import Flask
from payloads import SMALL
from storing import LIFETIME, Ours, steps_of
from tasks import answer, move
from worker import Site, change, timed, use_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from storing import Use

Parts = dict[str, "Callable[[], None]"]


def of(site: Site, case: str) -> Parts:
    """0.8.0 loads and writes for any request; with us a read extends the session's life, a change writes."""
    changes = case == "modify"
    use: Use = (change, ["visits"]) if changes else (use_one, [])
    steps = steps_of(site.interface, site.key(case, SMALL, 0), use)
    extends = isinstance(steps, Ours) and not changes

    def ask() -> None:
        if not extends:
            steps.save()
        steps.load(LIFETIME if extends else None)

    # In this order: what the codec has made, the client sends.
    return {"codec": steps.code, "client": ask}


class Measured:
    """The parts of both cases, and whole requests with and without Set-Cookie."""

    def __init__(self, url: str) -> None:
        config = {"SESSION_TYPE": "redis", "SESSION_KEY_PREFIX": f"{id(self)}:"}
        due = Site({**config, "SESSION_TOUCH_INTERVAL": 0}, ["redis", url])
        usual = Site(config, ["redis", url])
        self.parts: dict[str, dict[str, Callable[[], int]]] = {}
        for case, site in (("read", due), ("modify", usual)):
            self.parts[case] = {name: timed(call) for name, call in of(site, case).items()}
            # Of another visitor: a commit would find that the record has changed.
            whole = site.operation(case, SMALL, 1)
            self.parts[case] |= {"whole": whole, "without cookie": without_cookie(site, whole)}

    def round(self, task: dict[str, Any]) -> dict[str, float]:
        """Medians; the parts take turns, too."""
        parts = self.parts[task["case"]]
        times: dict[str, list[int]] = {name: [] for name in parts}
        move(task)
        end = time.perf_counter() + task["seconds"]
        for name in cycle(times):
            times[name].append(parts[name]())
            if name == "without cookie" and time.perf_counter() > end and len(times[name]) > 5:
                break
        return {name: statistics.median(taken) / 1e3 for name, taken in times.items()}


def without_cookie(site: Site, whole: Callable[[], int]) -> Callable[[], int]:
    def never(_app: Flask, _session: Any) -> bool:
        return False

    def measured() -> int:
        site.interface.should_set_cookie = never
        try:
            return whole()
        finally:
            del site.interface.should_set_cookie

    return measured


if __name__ == "__main__":
    answer(lambda task: Measured(task["url"]), {"round": Measured.round})
