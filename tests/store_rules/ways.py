"""The ways to a store that go through a Python client, each on its real server.

A way is a function that yields how to open the store, anew and with a client of its own each time, and how
what was saved for one second expires.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import cachelib
import fakeredis
import flask
import libmc
import memcache
import pylibmc
import pymemcache
import redis
import sqlalchemy
from psycopg2.pool import ThreadedConnectionPool
from redis.sentinel import Sentinel

from databases import uri_of
from flask_session import CacheLibSessionInterface
from flask_session.dynamodb import store as dynamodb_store
from flask_session.dynamodb.store import DynamoDBStore
from flask_session.foreign import PlainStore, RedisStyleStore
from flask_session.memcached.clients import store_of
from flask_session.mongodb import store as mongodb_store
from flask_session.mongodb.store import MongoDBStore
from flask_session.postgresql import store as postgresql_store
from flask_session.postgresql.store import PostgreSqlStore
from flask_session.sqlalchemy import statements
from flask_session.sqlalchemy import store as sql_store
from flask_session.sqlalchemy.store import SqlStore
from flask_session.sqlalchemy.table import table_alone

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from memcached_server import MemcachedServer

Opened = tuple[Callable[[], Any], Callable[[], None]]


class Place:
    """What a way is given: servers by their fixtures' names, a folder, and what is put back afterwards."""

    def __init__(self, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.request, self.patch, self.folder = request, patch, folder

    def server(self, name: str) -> Any:
        return self.request.getfixturevalue(name)

    def later(self, module: Any) -> None:
        """Two and a half seconds pass for a module that has a function `_now`."""
        late = module._now() + timedelta(seconds=2.5)
        self.patch.setattr(module, "_now", lambda: late)


# Redis


def expire_in_redis(client: Any) -> None:
    """The server itself lets go of what has a second or less to live."""
    for key in client.scan_iter("*"):
        if 0 < client.pttl(key) <= 1000:
            client.pexpire(key, 1)
            while client.exists(key):
                time.sleep(0.001)


def of_redis(
    kind: type[Any], client_of: Callable[[Place], Callable[[], Any]]
) -> Callable[[Place], Iterator[Opened]]:
    def way(place: Place) -> Iterator[Opened]:
        make = client_of(place)
        clients: list[Any] = []

        def opened() -> Any:
            clients.append(make())
            return kind(clients[-1])

        yield opened, lambda: expire_in_redis(clients[0])
        for client in clients:
            client.close()

    return way


def single(**options: Any) -> Callable[[Place], Callable[[], Any]]:
    return lambda place: lambda: place.server("shared_redis_server").client(**options)


def cluster(place: Place) -> Callable[[], Any]:
    port = place.server("redis_cluster").port
    return lambda: redis.RedisCluster(host="127.0.0.1", port=port)


def sentinel(place: Place) -> Callable[[], Any]:
    server = place.server("shared_redis_sentinel")
    name = server.address.rpartition("/")[2]
    asked = Sentinel([("127.0.0.1", server.port)])
    place.request.addfinalizer(asked.sentinels[0].close)
    return lambda: asked.master_for(name)


def fake(place: Place) -> Callable[[], Any]:
    del place
    server = fakeredis.FakeServer()
    return lambda: fakeredis.FakeRedis(server=server)


# memcached


def of_memcached(make: Callable[[str, int], Any]) -> Callable[[Place], Iterator[Opened]]:
    def way(place: Place) -> Iterator[Opened]:
        server: MemcachedServer = place.server("memcached_server")

        def expire() -> None:
            for key in server.stored():
                if server.command(f"mg {key} t").startswith((b"HD t0\r", b"HD t1\r")):
                    server.command(f"touch {key} -1")

        clients: list[Any] = []

        def opened() -> Any:
            clients.append(make("127.0.0.1", server.port))
            return store_of(clients[-1], os.getpid())

        yield opened, expire
        for client in clients:
            close = next(name for name in ("close", "disconnect_all", "quit") if hasattr(client, name))
            getattr(client, close)()

    return way


# Databases


def mongodb(place: Place) -> Iterator[Opened]:
    server = place.server("mongodb_server")
    database = server.database_name()
    clients: list[Any] = []

    def opened() -> MongoDBStore:
        clients.append(server.client())
        collection = clients[-1][database]["sessions"]
        return MongoDBStore(lambda: collection)

    yield opened, lambda: place.later(mongodb_store)
    for client in clients:
        client.close()


def dynamodb(place: Place) -> Iterator[Opened]:
    server = place.server("dynamodb_server")
    name = server.table_name()

    def later() -> None:
        late = SimpleNamespace(time=lambda: time.time() + 2.5, sleep=time.sleep)
        place.patch.setattr(dynamodb_store, "time", late)

    yield lambda: DynamoDBStore(server.resource().Table(name)), later


def postgresql_pool(place: Place) -> Iterator[Opened]:
    server = place.server("postgresql_server")
    name = f"sessions_{uuid.uuid4().hex[:10]}"
    pools: list[Any] = []

    def opened() -> PostgreSqlStore:
        pools.append(ThreadedConnectionPool(1, 2, server.url))
        return PostgreSqlStore(pools[-1], name, "public")

    yield opened, lambda: place.later(postgresql_store)
    for pool in pools:
        pool.closeall()


def sql(database: str, *, locking: bool = False) -> Callable[[Place], Iterator[Opened]]:
    def way(place: Place) -> Iterator[Opened]:
        if locking:
            # As with a dialect of which nothing is known.
            place.patch.setattr(statements, "COMPARING", ())
        name = f"sessions_{uuid.uuid4().hex[:10]}"
        engines: list[Any] = []

        def opened() -> SqlStore:
            memory = database == "sqlite_memory"
            if not (memory and engines):
                uri = uri_of(database, place.request, place.folder)
                pool = {"poolclass": sqlalchemy.pool.StaticPool, "connect_args": {"check_same_thread": False}}
                engines.append(sqlalchemy.create_engine(uri, **(pool if memory else {})))
            engine = engines[-1]
            return SqlStore(lambda: engine, table_alone(name, None, None), lambda: None, creates=True)

        yield opened, lambda: place.later(sql_store)
        for engine in engines:
            engine.dispose()

    return way


# cachelib


class CachedStore(PlainStore):
    """The interface's calls of a cache, for payloads."""

    def __init__(self, cache: Any) -> None:
        super().__init__(cache)
        self._interface: Any = CacheLibSessionInterface(flask.Flask("cached"), cache)

    def get(self, key: str) -> bytes | None:
        found = self._interface._retrieve_session_data(key)
        return None if found is None else found["payload"]

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        self._interface._upsert_session(timedelta(seconds=ttl), {"payload": payload}, key)

    def delete(self, key: str) -> bool:
        found = self.get(key) is not None
        self._interface._delete_session(key)
        return found


def cached(place: Place) -> Iterator[Opened]:
    folder = str(place.folder / "cache")

    def later() -> None:
        place.patch.setattr(cachelib.file, "time", lambda: time.time() + 2.5)

    yield lambda: CachedStore(cachelib.FileSystemCache(folder, threshold=0)), later


MERGING: dict[str, Callable[[Place], Iterator[Opened]]] = {
    "redis": of_redis(RedisStyleStore, single()),
    "redis_decoding": of_redis(RedisStyleStore, single(decode_responses=True)),
    "redis_cluster": of_redis(RedisStyleStore, cluster),
    "redis_sentinel": of_redis(RedisStyleStore, sentinel),
    "fakeredis": of_redis(RedisStyleStore, fake),
    "python_memcached": of_memcached(lambda host, port: memcache.Client([f"{host}:{port}"], cache_cas=True)),
    "pylibmc": of_memcached(lambda host, port: pylibmc.Client([f"{host}:{port}"], behaviors={"cas": True})),
    "pymemcache": of_memcached(lambda host, port: pymemcache.Client((host, port))),
    "pymemcache_pooled": of_memcached(lambda host, port: pymemcache.PooledClient((host, port))),
    "pymemcache_hash": of_memcached(lambda host, port: pymemcache.HashClient([(host, port)])),
    "libmc": of_memcached(lambda host, port: libmc.Client([f"{host}:{port}"])),
    "pymongo": mongodb,
    "boto3": dynamodb,
    "psycopg2_pool": postgresql_pool,
    "sqlite_file": sql("sqlite_file"),
    "sqlite_memory": sql("sqlite_memory"),
    "postgresql": sql("postgresql"),
    "postgresql_locking": sql("postgresql", locking=True),
    "mariadb": sql("mariadb"),
    "mariadb_locking": sql("mariadb", locking=True),
}
OVERWRITING: dict[str, Callable[[Place], Iterator[Opened]]] = {
    "redis_plain": of_redis(PlainStore, single()),
    "python_memcached_without_cas": of_memcached(lambda host, port: memcache.Client([f"{host}:{port}"])),
    "pylibmc_without_cas": of_memcached(lambda host, port: pylibmc.Client([f"{host}:{port}"])),
    "cachelib": cached,
}
SWEPT = {"psycopg2_pool"} | {name for name in MERGING if name.startswith(("sqlite", "postgresql", "mariadb"))}
"""Those that remove what has expired themselves."""
