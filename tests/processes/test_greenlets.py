"""Under gevent and eventlet a store that stands still holds up nobody but who waits for it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stalling_proxy import StallingProxy

from places import place_of

if TYPE_CHECKING:
    from places import Place

PROGRAM = Path(__file__).parent / "greenlets_program.py"
LIMIT = 300
Store = tuple[dict[str, str], Callable[[], None], Callable[[], None]]


@contextmanager
def behind_a_proxy(place: Place) -> Iterator[Store]:
    (port,) = place.ports
    proxy = StallingProxy(port)
    url = place.told["url"].replace(f":{port}", f":{proxy.port}")
    yield {**place.told, "url": url}, proxy.stall, proxy.go_on
    proxy.close()


@contextmanager
def locked_file(place: Place) -> Iterator[Store]:
    # Made by the program; autocommit, so that BEGIN is ours.
    connection = sqlite3.connect(f"{place.told['folder']}/sessions.db", isolation_level=None, timeout=120)
    with closing(connection):
        yield (
            place.told,
            lambda: connection.execute("BEGIN EXCLUSIVE") and None,
            lambda: connection.execute("COMMIT") and None,
        )


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    place = place_of(request.param, request, tmp_path)
    with locked_file(place) if request.param == "sqlite" else behind_a_proxy(place) as opened:
        yield opened


EACH = pytest.mark.parametrize(
    ("library", "store"),
    [
        *(("gevent", name) for name in ("redis", "memcached", "mongodb", "postgresql", "mysql", "sqlite")),
        *(("gevent", name) for name in ("redis_py", "pymemcache", "python_memcached", "pymongo")),
        ("eventlet", "redis"),
        *(("preloaded", name) for name in ("redis", "redis_py", "pymemcache", "python_memcached")),
    ],
    indirect=["store"],
)


@EACH
def test_while_some_requests_wait_for_the_store_a_hundred_others_are_answered(
    library: str, store: Store
) -> None:
    place, stall, go_on = store
    steps = {"stall\n": stall, "go on\n": go_on}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", PROGRAM, library, json.dumps(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROGRAM.parents[1])},
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for line in program.stdout:
            steps[line]()
            program.stdin.write("done\n")
            program.stdin.flush()
        _, errors = program.communicate(timeout=LIMIT)
    assert program.returncode == 0, errors
