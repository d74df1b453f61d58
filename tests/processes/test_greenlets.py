"""Under gevent and eventlet a store that stands still holds up nobody but who waits for it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from stalling_proxy import StallingProxy

PROGRAM = Path(__file__).parent / "greenlets_program.py"
LIMIT = 300
# How long an operation may wait; nothing here may reach it.
PATIENT = {
    "redis": "socket_timeout=120&socket_connect_timeout=120",
    "memcached": "timeout=120&connect_timeout=120",
    "mongodb": "timeoutMS=120000&directConnection=true",
    "postgresql": "timeout=120&connect_timeout=120",
    "mysql": "timeout=120&connect_timeout=120",
    "sqlite": "timeout=120",
}
SERVERS = {
    "redis": "shared_redis_server",
    "memcached": "shared_memcached_server",
    "mongodb": "mongodb_server",
    "postgresql": "postgresql_server",
    "mysql": "mysql_server",
}
Store = tuple[dict[str, Any], Callable[[], None], Callable[[], None]]


@contextmanager
def behind_a_proxy(name: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    server = request.getfixturevalue(SERVERS[name])
    proxy = StallingProxy(server.port)
    url = urlsplit(server.url() if callable(server.url) else server.url)
    login, _, _ = url.netloc.rpartition("@")
    netloc = f"{login}@127.0.0.1:{proxy.port}" if login else f"127.0.0.1:{proxy.port}"
    settings = {"SESSION_URL": url._replace(netloc=netloc, query=PATIENT[name]).geturl()}
    if name == "mongodb":
        settings["SESSION_MONGODB_DB"] = server.database_name()
    elif name in ("postgresql", "mysql"):
        settings.update(
            SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY_TABLE=f"greenlets_{uuid.uuid4().hex[:8]}"
        )
    yield settings, proxy.stall, proxy.go_on
    proxy.close()


@contextmanager
def locked_file(tmp_path: Path) -> Iterator[Store]:
    file = tmp_path / "sessions.db"
    with ExitStack() as closing:
        # Made by the program; autocommit, so that BEGIN is ours.
        connection = sqlite3.connect(file, isolation_level=None, timeout=120)
        closing.callback(connection.close)
        yield (
            {"SESSION_URL": f"sqlite:///{file}?{PATIENT['sqlite']}"},
            lambda: connection.execute("BEGIN EXCLUSIVE") and None,
            lambda: connection.execute("COMMIT") and None,
        )


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    name, _, through = request.param.partition(" ")
    opened = locked_file(tmp_path) if name == "sqlite" else behind_a_proxy(name, request)
    with opened as (settings, stall, go_on):
        yield {**settings, "SESSION_NATIVE": not through}, stall, go_on


EACH = pytest.mark.parametrize(
    ("library", "store"),
    [
        *(("gevent", name) for name in PATIENT),
        *(("gevent", f"{name} client") for name in ("redis", "mongodb")),
        ("eventlet", "redis"),
        ("preloaded", "redis"),
    ],
    indirect=["store"],
)


@EACH
def test_while_one_request_waits_for_the_store_a_hundred_others_are_answered(
    library: str, store: Store
) -> None:
    settings, stall, go_on = store
    steps = {"stall\n": stall, "go on\n": go_on}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", PROGRAM, library, json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for line in program.stdout:
            steps[line]()
            program.stdin.write("done\n")
            program.stdin.flush()
        _, errors = program.communicate(timeout=LIMIT)
    assert program.returncode == 0, errors
