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
    """Runs `runner.py` in the environment of a release, each release on a database of its own unless told."""

    def __init__(self, server: RedisServer, directory: Path) -> None:
        self.server = server
        self.directory = directory

    def play(
        self,
        release: str,
        *arguments: str | Path,
        database: int | None = None,
        environment: dict[str, str] | None = None,
    ) -> Any:
        if database is None:
            database = 1 if release == OURS else 2
        url = self.server.url(database)
        command = [interpreter(release), "-W", "ignore", HERE / "runner.py", "--url", url, *arguments]
        environment = {**os.environ, "REDIS_PORT": str(self.server.port), **(environment or {})}
        environment["REDIS_DATABASE"] = str(database)
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.directory,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, f"on {release}:\n{done.stderr}"
        return json.loads(done.stdout)


@pytest.fixture
def player(redis_server: RedisServer, tmp_path: Path) -> Player:
    return Player(redis_server, tmp_path)
