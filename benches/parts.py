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
from tasks import answer
from worker import COUNTER, Site

if TYPE_CHECKING:
    from collections.abc import Callable

LIFETIME = 3600
Parts = dict[str, "Callable[[], None]"]


def key_of(site: Site, case: str) -> str:
    """Where the visitor's session lies."""
    return f"{site.interface.key_prefix}{site.cookie(case, SMALL, 0).partition('=')[2]}"


def of_rival(site: Site, case: str) -> Parts:
    """What 0.8.0 does for any request: it loads, and writes again."""
    client, serializer, key = site.interface.client, site.interface.serializer, key_of(site, case)
    stored: bytes = client.get(key)
    session = site.interface.session_class(serializer.decode(stored))

    def ask() -> None:
        client.get(key)
        client.set(name=key, value=stored, ex=LIFETIME)

    def code() -> None:
        serializer.decode(stored)
        serializer.encode(session)

    return {"client": ask, "codec": code}


def of_ours(site: Site, case: str) -> Parts:
    """What is due: a read extends the session's life, a change writes it if nobody else has."""
    from flask_session._core import Commit

    store, codec, key = site.interface._current_store(), site.interface.serializer.codec, key_of(site, case)
    refresh = LIFETIME if case == "read" else None
    current: dict[str, Any] = {"record": store.load(codec, key), "commit": None}

    def code() -> None:
        session: dict[str, Any] = {}
        current["record"].fill(session)
        assigned = []
        if case == "modify":
            assigned = ["visits"]
            session["visits"] = next(COUNTER)
        else:
            assert session["_user_id"] == "42"
        current["commit"] = Commit(codec, session, key, record=current["record"], assigned=assigned)

    def ask() -> None:
        if case == "modify":
            store.commit(current["commit"], LIFETIME)
            assert current["commit"].outcome == "stored"
        current["record"] = store.load(codec, key, refresh)

    # In this order: what the codec has made, the client sends.
    return {"codec": code, "client": ask}


class Measured:
    """The parts of both cases, and whole requests with and without Set-Cookie."""

    def __init__(self, url: str) -> None:
        config = {"SESSION_TYPE": "redis", "SESSION_KEY_PREFIX": f"{id(self)}:"}
        due = Site({**config, "SESSION_TOUCH_INTERVAL": 0}, ["redis", url])
        usual = Site(config, ["redis", url])
        self.parts: dict[str, dict[str, Callable[[], int]]] = {}
        for case, site in (("read", due), ("modify", usual)):
            native = hasattr(site.interface, "_current_store")
            parts = of_ours(site, case) if native else of_rival(site, case)
            self.parts[case] = {name: timed(call) for name, call in parts.items()}
            # Of another visitor: a commit would find that the record has changed.
            whole = site.operation(case, SMALL, 1)
            self.parts[case] |= {"whole": whole, "without cookie": without_cookie(site, whole)}

    def round(self, task: dict[str, Any]) -> dict[str, float]:
        """Medians; the parts take turns, too."""
        parts = self.parts[task["case"]]
        times: dict[str, list[int]] = {name: [] for name in parts}
        end = time.perf_counter() + task["seconds"]
        for name in cycle(times):
            times[name].append(parts[name]())
            if name == "without cookie" and time.perf_counter() > end and len(times[name]) > 5:
                break
        return {name: statistics.median(taken) / 1e3 for name, taken in times.items()}


def timed(call: Callable[[], None]) -> Callable[[], int]:
    def measured() -> int:
        begin = time.perf_counter_ns()
        call()
        return time.perf_counter_ns() - begin

    return measured


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
