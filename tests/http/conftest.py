"""Sites on each store that is built in."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import redis
from psycopg2.pool import ThreadedConnectionPool
from pymemcache.client.base import PooledClient
from site_under_test import Site

from databases import DATABASES, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dynamodb_server import DynamoDBServer
    from memcached_server import MemcachedServer
    from mongodb_server import MongoDBServer
    from redis_server import RedisServer


NUMBERS = itertools.count()


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


@pytest.fixture(
    params=[
        *[
            "files",
            "redis",
            "python_client",
            "cluster",
            "cluster_url",
            "memcached",
            "memcached_client",
            "dynamodb",
        ],
        *["postgresql", "postgresql_pool", "mongodb", "pymongo"],
        *(f"sqlalchemy-{name}" for name in DATABASES),
    ]
)
def store(
    request: pytest.FixtureRequest, redis_server: RedisServer, tmp_path: Path
) -> Iterator[dict[str, Any]]:
    """The settings for a store."""
    with ExitStack() as closing:
        if request.param == "files":
            yield {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(tmp_path / "sessions")}
        elif request.param == "dynamodb":
            server: DynamoDBServer = request.getfixturevalue("dynamodb_server")
            yield {
                "SESSION_TYPE": "dynamodb",
                "SESSION_DYNAMODB": server.resource(),
                "SESSION_DYNAMODB_TABLE": server.table_name(),
            }
        elif request.param.startswith("memcached"):
            memcached: MemcachedServer = request.getfixturevalue("memcached_server")
            client = PooledClient(("127.0.0.1", memcached.port))
            closing.callback(client.close)
            native = request.param == "memcached"
            yield {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": client, "SESSION_NATIVE": native}
        elif request.param in ("mongodb", "pymongo"):
            mongodb: MongoDBServer = request.getfixturevalue("mongodb_server")
            yield {
                "SESSION_TYPE": "mongodb",
                "SESSION_MONGODB": mongodb.own_client,
                "SESSION_MONGODB_DB": mongodb.database_name(),
                "SESSION_NATIVE": request.param == "mongodb",
            }
        elif request.param.startswith("postgresql"):
            where = request.getfixturevalue("postgresql_server").url
            if request.param == "postgresql_pool":
                where = ThreadedConnectionPool(1, 4, where)
                closing.callback(where.closeall)
            yield {
                "SESSION_TYPE": "postgresql",
                "SESSION_POSTGRESQL": where,
                "SESSION_POSTGRESQL_TABLE": f"http_{next(NUMBERS)}",
            }
        elif request.param.startswith("sqlalchemy-"):
            yield settings_of(request.param.partition("-")[2], request, tmp_path)
        elif request.param.startswith("cluster"):
            port = request.getfixturevalue("redis_cluster").port
            cluster = redis.RedisCluster(host="127.0.0.1", port=port)
            closing.callback(cluster.close)
            cluster.flushall()
            url = f"redis+cluster://127.0.0.1:{port}"
            yield {
                "SESSION_TYPE": "redis",
                "SESSION_REDIS": url if request.param == "cluster_url" else cluster,
            }
        else:
            native = request.param == "redis"
            yield {
                "SESSION_TYPE": "redis",
                "SESSION_REDIS": redis_server.client(),
                "SESSION_NATIVE": native,
            }


@pytest.fixture
def site(open_site: Callable[..., Site], store: dict[str, Any]) -> Site:
    return open_site(**store)
