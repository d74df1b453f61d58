"""Two apps, of 0.8.0 and of ours, which get the same requests, and what is to be seen of both."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compat.conftest import interpreter
from compat.differential.backends import LIFE, SIDES
from compat.observation import Names

if TYPE_CHECKING:
    from compat.differential.backends import Backend, Side, Stored

LIVE_APP = Path(__file__).parents[1] / "live_app.py"
SLACK = timedelta(minutes=15)
"""How far two moments may lie from each other and be the same; lives are aged by hours."""


class Process:
    """A live app of one release, in a process of its own."""

    def __init__(self, side: Side, folder: Path) -> None:
        self.side = side
        # The order of a set of text is equal in both.
        self.process = subprocess.Popen(
            [interpreter(side), "-W", "ignore", LIVE_APP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )

    def tell(self, task: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()

    def told(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline() or '{"failed": "the app ended"}')
        assert "failed" not in answer, f"on {self.side}:\n{answer['failed']}"
        return answer

    def stop(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(30)


@dataclass
class World:
    """What one side's browsers and its store hold."""

    prefix: str
    names: Names
    jars: dict[int, str] = field(default_factory=dict)
    records: dict[str, Stored] = field(default_factory=dict)

    def key(self, client: int) -> str | None:
        """The store key of a client's session."""
        cookie = self.jars.get(client)
        return self.prefix + cookie.partition(".")[0] if cookie else None

    def keys(self) -> list[str]:
        return [self.prefix + sid for sid in self.names.known]


class Pair:
    """The two sides on one backend. Every request goes to both."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self.backend = backend
        self.processes: dict[Side, Process] = {side: Process(side, folder) for side in SIDES}
        self.worlds: dict[Side, World] = {}

    def open(self, settings: dict[str, Any]) -> None:
        """New apps with these settings, on an empty store."""
        if self.worlds:
            self.clear()
        for side in SIDES:
            place = self.backend.settings(side)
            self.processes[side].tell({"open": {**settings, **place}})
            prefix = place.get("SESSION_KEY_PREFIX", "session:")
            self.worlds[side] = World(prefix, Names(prefix))
        for side in SIDES:
            self.processes[side].told()

    def clear(self) -> None:
        """Empties stores and cookie jars."""
        for side, world in self.worlds.items():
            self.backend.clear(side, world.keys())
            self.worlds[side] = World(world.prefix, Names(world.prefix))

    def rotate(self, keys: list[str]) -> None:
        """Gives both apps other secret keys, the current one first."""
        for side in SIDES:
            self.processes[side].tell({"keys": keys})
        for side in SIDES:
            self.processes[side].told()

    def ask(self, client: int, run: str, answer: str | None, cookie: str | None = None) -> tuple[Any, Any]:
        """What 0.8.0 and we did with one request; `cookie`, with {}, goes around the client's own."""
        for side, world in self.worlds.items():
            own = world.jars.get(client)
            text = own and f"session={own}"
            if cookie is not None:
                text = cookie.replace("{}", own or "")
            self.processes[side].tell({"cookie": text, "run": run, "answer": answer})
        reports = {side: self.processes[side].told() for side in SIDES}
        for side in SIDES:
            self.observe(side, client, reports[side])
        return reports["0.8.0"], reports["ours"]

    def observe(self, side: Side, client: int, report: dict[str, Any]) -> None:
        """Keeps the cookies, adds what is stored, and names what is random."""
        world = self.worlds[side]
        for each in (report.get("meanwhile", {"cookies": []}), report):
            for text in each["cookies"]:
                value = text.partition(";")[0].partition("=")[2]
                world.names.learn_cookie(value)
                world.jars[client] = value
            each["cookies"] = [_named_expiry(text) for text in each["cookies"]]
        if not world.jars.get(client):
            world.jars.pop(client, None)
        world.records = self.backend.records(side, world.keys())
        report["stored"] = {
            key: {"payload": stored.payload, "seconds": stored.seconds}
            for key, stored in world.records.items()
        }
        named = world.names.applied_to(report)
        named["stored"] = {
            key.replace(world.prefix, "session:", 1): entry for key, entry in named["stored"].items()
        }
        report.clear()
        report.update(named)

    def stop(self) -> None:
        if self.worlds:
            self.clear()
        for process in self.processes.values():
            process.stop()
        self.backend.close()


def _named_expiry(cookie: str) -> str:
    """A Set-Cookie header whose expiry, if it is the lifetime from now, says so."""

    def named(match: re.Match[str]) -> str:
        distance = parsedate_to_datetime(match[0]) - datetime.now(timezone.utc)
        return "<lifetime from now>" if abs(distance - timedelta(seconds=LIFE)) < SLACK else match[0]

    return re.sub(r"(?<=Expires=)[^;]+", named, cookie)
