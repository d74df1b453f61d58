"""`raced_app.py` of one release in a process of its own, and browsers that visit it."""

from __future__ import annotations

import http.client
import itertools
import json
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compat.conftest import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

APP = Path(__file__).parent / "raced_app.py"
LIMIT = 120.0
NUMBERS = itertools.count()

Steps = list[list[Any]]


class RacedSite:
    """One app, by release and settings."""

    def __init__(self, release: str, **settings: Any) -> None:
        config = {"RELEASE": release, **settings}
        command = [interpreter(release), "-W", "ignore", APP, json.dumps(config)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(LIMIT)

    def ask(self, path: str, steps: Steps, cookie: str | None, limit: float = LIMIT) -> tuple[int, Any, Any]:
        """Status, body and Set-Cookie. A site that doesn't answer within the limit raises TimeoutError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        headers = {"Content-Type": "application/json"}
        if cookie is not None:
            headers["Cookie"] = f"session={cookie}"
        try:
            connection.request("POST", path, json.dumps(steps), headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        is_json = response.getheader("Content-Type") == "application/json"
        return response.status, json.loads(body) if is_json else None, response.getheader("Set-Cookie")

    def rows(self) -> int:
        return int(self.ask("/rows", [], None)[1]["rows"])


class RacedBrowser:
    """Keeps the session cookie."""

    def __init__(self, site: RacedSite, cookie: str | None = None) -> None:
        self.site = site
        self.cookie = cookie

    def do(self, *steps: list[Any]) -> Any:
        """One request; what the session holds at its end."""
        _, body, sent = self.site.ask("/do", list(steps), self.cookie)
        if sent is not None:
            self.cookie = sent.partition(";")[0].partition("=")[2] or None
        return body

    @contextmanager
    def slowly(self, before: Steps, after: Steps) -> Iterator[RacedBrowser]:
        """A request of this browser that stands still between the two while the block runs.

        The other browser that it gives knows afterwards which cookie the request was answered with.
        """
        name = str(next(NUMBERS))
        other = RacedBrowser(self.site, self.cookie)
        thread = threading.Thread(target=other.do, args=[*before, ["hold", name], *after], daemon=True)
        thread.start()
        self.site.ask(f"/arrived/{name}", [], None)
        try:
            yield other
        finally:
            self.site.ask(f"/release/{name}", [], None)
            thread.join(LIMIT)
            assert not thread.is_alive(), "the slow request never ended"
