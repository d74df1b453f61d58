"""Differences that no request shows: how both releases start, and what they ask and leave behind."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compat.conftest import interpreter

if TYPE_CHECKING:
    from dynamodb_server import DynamoDBServer
    from memcached_server import MemcachedServer
    from redis_server import RedisServer

PROBES = Path(__file__).parent / "probes.py"
FOUND: dict[str, tuple[Any, Any]] = {
    "native-connections": (True, False),
    "sql-table-is-lazy": (True, False),
    "sql-errors-are-ours": ("sqlalchemy", "flask_session"),
    "files-are-swept": (2, 0),
    "cleanup-for-all": (2, 0),
    "threshold-spares-the-living": (False, True),
    "lost-saves-are-errors": (None, "StoreRefused"),
    "dead-memcached-is-an-error": (None, "StoreUnreachable"),
    "redis-errors-are-ours": ("ConnectionError", "StoreUnreachable"),
    "set-is-awaited": (None, "SessionTooLarge"),
    "null-is-a-type": ("ValueError", "NullSessionInterface"),
    "no-deprecations": (True, False),
    "misconfigured-at-once": ("KeyError", "SessionMisconfigured"),
    "flags-mean-what-they-say": ("True", "False"),
    "short-lifetimes-are-no-error": ("ResponseError", None),
    "id-length-is-checked": (None, "SessionMisconfigured"),
    "tables-at-first-use": (True, False),
    "needs-flask-only": (True, False),
}
"""By the id in `docs/differences.md`: what the probe finds in 0.8.0, and in ours."""


@pytest.fixture(scope="module")
def found(
    shared_redis_server: RedisServer,
    shared_memcached_server: MemcachedServer,
    dynamodb_server: DynamoDBServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[Any, Any]]:
    told = []
    for number, release in enumerate(("0.8.0", "ours")):
        folder = tmp_path_factory.mktemp("probes")
        places = {
            "redis": shared_redis_server.url(20 + number),
            "memcached": shared_memcached_server.address,
            "dynamodb": dynamodb_server.address,
            "folder": str(folder),
        }
        command = [interpreter(release), "-W", "ignore", PROBES, json.dumps(places)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
    theirs, ours = told
    assert theirs.keys() == ours.keys()
    return {name: (theirs[name], ours[name]) for name in theirs}


@pytest.mark.parametrize("identity", FOUND)
def test_a_difference_is_what_its_row_says(found: dict[str, tuple[Any, Any]], identity: str) -> None:
    assert found[identity] == FOUND[identity]


def test_every_probe_is_compared(found: dict[str, tuple[Any, Any]]) -> None:
    assert found.keys() == FOUND.keys()
