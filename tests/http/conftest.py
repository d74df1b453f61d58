"""Sites on each store that is built in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis
from site_under_test import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dynamodb_server import DynamoDBServer
    from redis_server import RedisServer
    from started_server import StartedServer


@pytest.fixture
def open_site() -> Iterator[Callable[..., Site]]:
    """Opens a site with the given settings; all are closed at the end."""
    sites: list[Site] = []

    def open_one(**config: Any) -> Site:
        sites.append(Site(config))
        return sites[-1]

    yield open_one
    for site in sites:
        site.close()


@pytest.fixture(params=["files", "redis", "python_client", "cluster", "dynamodb"])
def store(request: pytest.FixtureRequest, redis_server: RedisServer, tmp_path: Path) -> dict[str, Any]:
    """The settings for a store."""
    if request.param == "dynamodb":
        server: DynamoDBServer = request.getfixturevalue("dynamodb_server")
        return {
            "SESSION_TYPE": "dynamodb",
            "SESSION_DYNAMODB": server.resource(),
            "SESSION_DYNAMODB_TABLE": server.table_name(),
        }
    if request.param == "files":
        return {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(tmp_path / "sessions")}
    if request.param == "cluster":
        cluster: StartedServer = request.getfixturevalue("redis_cluster")
        client = redis.RedisCluster(host="127.0.0.1", port=cluster.port)
        client.flushall()
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": client}
    native = request.param == "redis"
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_server.client(), "SESSION_NATIVE": native}


@pytest.fixture
def site(open_site: Callable[..., Site], store: dict[str, Any]) -> Site:
    return open_site(**store)
