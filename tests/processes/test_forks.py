"""After a fork each process has its own connections: nobody hangs, nobody sees another's session."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from redis_server import free_port

HERE = Path(__file__).parent
LIMIT = 300
BROWSERS = 8
ROUNDS = 30


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


def test_gunicorn_with_preload_gives_each_browser_its_own_session(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--threads", "2"]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", str(tmp_path), "preloaded_program:app"]
    environment = {**os.environ, "SETTINGS": json.dumps(settings)}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=HERE, env=environment, stdout=log, stderr=log)
    try:
        await_answer(port, server)
        with ThreadPoolExecutor(BROWSERS) as pool:
            workers = set().union(
                *pool.map(lambda number: ask_for_own(port, f"owner-{number}"), range(BROWSERS))
            )
        assert len(workers) == 2, "both workers should have answered"
    finally:
        server.terminate()
        server.wait(LIMIT)


def get(port: int, path: str, cookie: str | None) -> tuple[str, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        connection.request("GET", path, headers={"Cookie": f"session={cookie}"} if cookie else {})
        response = connection.getresponse()
        body = response.read().decode()
        assert response.status == 200, body
        sent = response.headers.get("Set-Cookie")
        return body, sent.partition(";")[0].partition("=")[2] if sent else cookie
    finally:
        connection.close()


def await_answer(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            get(port, "/set/nobody", None)
            return
        except OSError:
            assert server.poll() is None, "gunicorn ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)


def ask_for_own(port: int, owner: str) -> set[str]:
    """The processes that answered."""
    _, cookie = get(port, f"/set/{owner}", None)
    workers = set()
    for number in range(1, ROUNDS + 1):
        body, cookie = get(port, "/count", cookie)
        who, count, worker = body.split()
        assert (who, count) == (owner, str(number))
        workers.add(worker)
    return workers
