"""Visitors of a server, each with a cookie of his own, who look whether what they are shown is theirs."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from running import RunningServer

VISITORS = 6
ROUNDS = 24
LIMIT = 120.0


@dataclass
class Crowd:
    """All of them at once, until each has made its rounds and enough processes have answered."""

    server: RunningServer
    workers: int
    requests: int = 0
    wrong: list[str] = field(default_factory=list)
    hanging: list[str] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)

    def visit(self) -> None:
        self.deadline = time.monotonic() + LIMIT
        with ThreadPoolExecutor(VISITORS) as pool:
            self.requests = sum(pool.map(self.come_and_count, range(VISITORS)))

    def come_and_count(self, number: int) -> int:
        """One visitor's requests. The first that goes wrong is his last."""
        owner, cookie = f"visitor-{number}", None
        for turn in self.turns():
            try:
                status, text, sent = self.server.get("/count" if turn else f"/set/{owner}", cookie)
            except TimeoutError:
                self.hanging.append(f"{owner} at {turn}")
                return turn
            cookie = cookie if sent is None else sent.partition(";")[0]
            seen = understood(text)
            if status != 200 or seen.get("session") != {"owner": owner, "count": turn}:
                self.wrong.append(f"{owner} at {turn}: {status} {text}")
                return turn
            self.answered.add(seen["process"])
        return turn + 1

    def turns(self) -> Any:
        turn = 0
        while turn < ROUNDS or (len(self.answered) < self.workers and time.monotonic() < self.deadline):
            yield turn
            turn += 1


def understood(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return {}
    return found
