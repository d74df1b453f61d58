"""What every folder of tests shares: real servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from database_servers import MariadbServer, PostgresqlServer
from dynamodb_server import DynamoDBServer
from memcached_server import MemcachedServer
from mongodb_server import MongoDBServer
from redis_server import RedisServer
from started_server import StartedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["secrecy"]


@pytest.fixture(scope="session")
def shared_redis_server() -> Iterator[RedisServer]:
    """One server for the whole run."""
    server = RedisServer().start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(shared_redis_server: RedisServer) -> RedisServer:
    """The shared server, emptied."""
    shared_redis_server.client().flushall()
    return shared_redis_server


@pytest.fixture(scope="session")
def shared_memcached_server() -> Iterator[MemcachedServer]:
    """One server for the whole run."""
    server = MemcachedServer().start()
    yield server
    server.stop()


@pytest.fixture
def memcached_server(shared_memcached_server: MemcachedServer) -> MemcachedServer:
    """The shared server, emptied."""
    shared_memcached_server.command("flush_all")
    return shared_memcached_server


@pytest.fixture(scope="session")
def dynamodb_server() -> Iterator[DynamoDBServer]:
    """One server for the whole run."""
    server = DynamoDBServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[StartedServer]:
    """A cluster of three nodes for the whole run."""
    cluster = StartedServer("redis_cluster")
    yield cluster
    cluster.stop()


@pytest.fixture
def redis_sentinel() -> Iterator[StartedServer]:
    """A primary, a replica and a sentinel, for a test that may kill them."""
    sentinel = StartedServer("redis_sentinel")
    yield sentinel
    sentinel.stop()


@pytest.fixture(scope="session")
def shared_redis_sentinel() -> Iterator[StartedServer]:
    """A sentinel for the whole run, of which nothing is killed."""
    sentinel = StartedServer("redis_sentinel")
    yield sentinel
    sentinel.stop()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[StartedServer]:
    """One PostgreSQL for the whole run; each test takes a table of its own."""
    server = StartedServer("postgresql")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[StartedServer]:
    """One MariaDB without TLS for the whole run; each test takes a table of its own."""
    server = StartedServer("mysql")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mongodb_server() -> Iterator[MongoDBServer]:
    """One server for the whole run."""
    server = MongoDBServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def restartable_postgresql() -> Iterator[PostgresqlServer]:
    """One server for the whole run."""
    server = PostgresqlServer()
    yield server.start()
    server.remove()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """One server for the whole run."""
    server = MariadbServer()
    yield server.start()
    server.remove()
