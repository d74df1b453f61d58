"""The processes that share a store: a Flask site of ours, one of 0.8.0, and an axum site."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from compat.conftest import interpreter

ROOT = Path(__file__).parents[2]
BUILD = ["cargo", "build", "--quiet", "--locked", "--workspace", "--example=interop_site"]
LIMIT = 120.0


def axum_program() -> Path:
    """Builds it, if it isn't there."""
    subprocess.run(BUILD, check=True, cwd=ROOT)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "examples" / "interop_site"


class Site:
    """One site, in a process of its own."""

    def __init__(self, name: str, command: list[str | Path]) -> None:
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    @classmethod
    def of_flask(cls, release: str, settings: dict[str, Any]) -> Site:
        program = Path(__file__).parent / "flask_site.py"
        return cls(release, [interpreter(release), "-W", "ignore", program, json.dumps(settings)])

    @classmethod
    def of_axum(cls, url: str) -> Site:
        return cls("axum", [axum_program(), url])

    def ask(self, path: str, cookie: str | None, **content: Any) -> tuple[dict[str, Any], str | None]:
        """One request: what the session holds, and the cookie that the browser has now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        try:
            headers = {"Content-Type": "application/json"}
            if cookie:
                headers["Cookie"] = f"session={cookie}"
            method = "GET" if path == "/see" else "POST"
            connection.request(method, path, json.dumps(content), headers)
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, f"{self.name} answered {response.status} to {path}: {body!r}"
            sent = response.getheader("Set-Cookie")
        finally:
            connection.close()
        if sent is not None:
            cookie = sent.partition(";")[0].partition("=")[2] or None
        return json.loads(body), cookie

    def stop(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(LIMIT)
