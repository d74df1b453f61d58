"""Plays the same thing on a Flask-Session of old and on ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis_server import RedisServer

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent.parent / ".cache" / "compat"
OURS = "ours"


def interpreter(release: str) -> str:
    if release == OURS:
        return sys.executable
    python = ENVIRONMENTS / release / "bin" / "python"
    assert python.exists(), f"no environment with flask-session {release}: run dev/compat_environments.py"
    return str(python)


class Player:
    """Has `runner.py` play tasks in the releases' environments: one process for each, kept for the run."""

    def __init__(self, server: RedisServer, directory: Path) -> None:
        self.server = server
        self.directory = directory
        self.runners: dict[str, subprocess.Popen[str]] = {}

    def play(self, release: str, *, database: int | None = None, **task: Any) -> Any:
        """What was observed. Each release has a database of its own unless told."""
        if release not in self.runners:
            self.runners[release] = self.start(release, {})
        return self.told(self.runners[release], release, self.database(release, database), task)

    def play_program(self, release: str, program: Path, **environment: str) -> Any:
        """What a program did, in a process of its own."""
        database = self.database(release, None)
        places = {"REDIS_PORT": str(self.server.port), "REDIS_DATABASE": str(database)}
        runner = self.start(release, {**places, **environment})
        try:
            return self.told(runner, release, database, {"program": str(program)})
        finally:
            stop(runner)

    def database(self, release: str, wanted: int | None) -> int:
        if wanted is not None:
            return wanted
        return 1 if release == OURS else 2

    def start(self, release: str, environment: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [interpreter(release), "-W", "ignore", HERE / "runner.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.directory,
            env={**os.environ, **environment},
        )

    def told(self, runner: subprocess.Popen[str], release: str, database: int, task: dict[str, Any]) -> Any:
        assert runner.stdin is not None
        assert runner.stdout is not None
        runner.stdin.write(json.dumps({"url": self.server.url(database), **task}) + "\n")
        runner.stdin.flush()
        answer = json.loads(runner.stdout.readline() or '{"failed": "the runner ended"}')
        assert "failed" not in answer, f"on {release}:\n{answer['failed']}"
        return answer

    def close(self) -> None:
        for runner in self.runners.values():
            stop(runner)


def stop(runner: subprocess.Popen[str]) -> None:
    """Its input ends, and so does it."""
    with runner:
        assert runner.stdin is not None
        runner.stdin.close()
        runner.wait(120)


@pytest.fixture(scope="session")
def kept_player(
    shared_redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Player]:
    player = Player(shared_redis_server, tmp_path_factory.mktemp("runners"))
    yield player
    player.close()


@pytest.fixture
def player(kept_player: Player, redis_server: RedisServer) -> Player:
    """A player whose databases are empty."""
    return kept_player
