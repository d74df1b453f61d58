"""Several processes that write to one session at the same time: nothing is lost, between processes either."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from flask import Flask, session

from flask_session import Session

HERE = Path(__file__).parent
LIMIT = 300
PROCESSES = 3
ROUNDS = 40


def test_processes_that_write_to_one_session_lose_nothing(settings: dict[str, Any]) -> None:
    app = Flask("reading")
    app.config.update(settings)
    Session(app)

    @app.route("/begin")
    def begin() -> str:
        session["user"] = "ann"
        return "ok"

    @app.route("/see")
    def see() -> list[str]:
        return sorted(key for key in session if key != "_permanent")

    client = app.test_client()
    cookie = client.get("/begin").headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    writers = [writer(settings, cookie, f"writer-{number}") for number in range(PROCESSES)]
    for each in writers:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in writers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in writers:
        _, errors = each.communicate(timeout=LIMIT)
        assert each.returncode == 0, errors
    expected = [f"writer-{number}-{turn}" for number in range(PROCESSES) for turn in range(ROUNDS)]
    assert client.get("/see").json == sorted(["user", *expected])


def writer(settings: dict[str, Any], cookie: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, HERE / "writing_program.py", json.dumps(settings), cookie, name, str(ROUNDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
