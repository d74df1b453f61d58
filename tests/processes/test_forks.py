"""After a fork each process has its own connections: nobody hangs, nobody sees another's session."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
LIMIT = 300


def test_parent_and_children_see_only_their_own_sessions(settings: dict[str, Any]) -> None:
    command = [sys.executable, "-X", "faulthandler", HERE / "forking_program.py", json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr


# Not through the Python client: redis-py's own pool can hang in such a child.
@pytest.mark.parametrize("settings", ["files", "redis", "cluster", "sentinel"], indirect=True)
def test_children_forked_among_busy_threads_do_not_hang(settings: dict[str, Any]) -> None:
    command = [sys.executable, HERE / "forking_among_threads.py", json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
