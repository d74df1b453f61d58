"""The environment that everything is measured in, and the two releases that take turns in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "dev"))

import compat_environments  # noqa: E402
import environments  # noqa: E402

DIRECTORY = environments.CACHE / "bench"
PYTHON = environments.python(DIRECTORY)
RELEASES = {"rival": "flask-session==0.8.0", "ours": "ours"}
# hiredis makes redis-py as fast as it can be.
MORE = ["hiredis==3.5.0", "gunicorn==27.0.1"]


def prepare() -> None:
    """Makes the environment, builds our wheel as users get it, and gives each release a folder of its own."""
    rival = [line for line in compat_environments.RELEASES["0.8.0"] if not line.startswith("flask-session")]
    environments.make(DIRECTORY, [*rival, *MORE])
    for side, package in RELEASES.items():
        place = DIRECTORY / "releases" / side
        if side == "rival" and place.exists():
            continue
        wanted = str(environments.wheel("release")) if side == "ours" else package
        shutil.rmtree(place, ignore_errors=True)
        environments.install(DIRECTORY, "--no-deps", "--target", str(place), wanted)


def environment(side: str) -> dict[str, str]:
    """The variables for a process of one side; the bare socket's has no release."""
    path = [str(HERE), *([str(DIRECTORY / "releases" / side)] if side in RELEASES else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONHASHSEED": "0"}


LONGEST = 300.0
"""Seconds for one task; filling a folder with 50,000 sessions takes a tenth of it."""


class Process:
    """A running worker.py, or limits.py, or another program that is given tasks."""

    def __init__(self, side: str, command: list[str | Path] | None = None) -> None:
        self.side = side
        program = "limits.py" if side == "limit" else "worker.py"
        self.process = subprocess.Popen(
            command or [PYTHON, "-W", "ignore", HERE / program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(side),
        )

    def ask(self, task: dict[str, Any]) -> dict[str, float]:
        """One task and its answer. Raises if the process has ended, having written why, or hangs."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        limit = threading.Timer(LONGEST, self.process.kill)
        limit.start()
        line = self.process.stdout.readline()
        limit.cancel()
        if not line:
            raise RuntimeError(f"the process of {self.side} ended on {task}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def stop(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            with suppress(BrokenPipeError):
                self.process.stdin.close()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
