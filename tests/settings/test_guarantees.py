"""The table in docs/backends/README.md: each row is built, and says of itself what the row says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import flask
import libmc
import memcache
import pylibmc
import pymemcache
import pymongo
import pytest
import redis
import redis.sentinel
from cachelib import SimpleCache
from flask_sqlalchemy import SQLAlchemy
from psycopg2.pool import ThreadedConnectionPool

from flask_session import ServerSideSessionInterface, Session
from flask_session._core import Store, backends
from memory_sessions import MemorySessionInterface

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "backends" / "README.md"
Row = tuple[str, str, str, str]


def configured(**config: Any) -> Any:
    app = flask.Flask("configured")
    app.config.update(config)
    Session(app)
    return app.session_interface


class Subclass(redis.Redis):
    pass


class OwnHook(MemorySessionInterface):
    def _retrieve_session_data(self, store_id: str) -> Any:
        return None


def of_redis(client: Any, **config: Any) -> Callable[[Path], Any]:
    return lambda _: configured(SESSION_TYPE="redis", SESSION_REDIS=client, **config)


def of_memcached(client: Any, **config: Any) -> Callable[[Path], Any]:
    return lambda _: configured(SESSION_TYPE="memcached", SESSION_MEMCACHED=client, **config)


def with_cache(folder: Path) -> Any:
    interface = configured(SESSION_URL=f"file:{folder}")
    interface.cache = SimpleCache()
    return interface


def of_database(uri: str, **config: Any) -> Callable[[Path], Any]:
    def build(_: Path) -> Any:
        db = SQLAlchemy()
        app = flask.Flask("configured")
        app.config.update(SQLALCHEMY_DATABASE_URI=uri, SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=db)
        app.config.update(config)
        db.init_app(app)
        Session(app)
        return app.session_interface

    return build


def with_serializer(_: Path) -> Any:
    interface = MemorySessionInterface(flask.Flask("own"))
    interface.serializer = mock.Mock()
    return interface


def of_mongodb(client: Any, **config: Any) -> Callable[[Path], Any]:
    return lambda _: configured(SESSION_TYPE="mongodb", SESSION_MONGODB=client, **config)


class MongoSubclass(pymongo.MongoClient):
    pass


MONGO_CLIENT: pymongo.MongoClient = pymongo.MongoClient(connect=False)

RESOURCE = boto3.resource(
    "dynamodb", region_name="r", aws_access_key_id="key", aws_secret_access_key="secret"
)
SENTINEL = redis.sentinel.Sentinel([("127.0.0.1", 1)])

# How the rows are built, by their first two columns.
BUILT: dict[tuple[str, str], list[Callable[[Path], Any]]] = {
    ("redis", "a URL, also of a cluster or of sentinels"): [
        of_redis("redis://127.0.0.1:1"),
        lambda _: configured(SESSION_URL="rediss://h"),
        lambda _: configured(SESSION_URL="redis+cluster://h:1,i:2"),
        of_redis("redis+sentinel://h:1,i/main"),
    ],
    ("redis", "a `redis.Redis` that can be translated"): [of_redis(redis.Redis())],
    ("redis", "the same with `SESSION_NATIVE = False`"): [of_redis(redis.Redis(), SESSION_NATIVE=False)],
    ("redis", "a subclass, a `RedisCluster`, what `Sentinel.master_for` makes"): [
        of_redis(Subclass()),
        # A cluster has servers of its own: tests/interface/test_redis_deployments.py.
        of_redis(SENTINEL.master_for("main")),
    ],
    ("redis", "anything else with `get`, `set` and `delete`"): [of_redis(mock.Mock())],
    (
        "sqlalchemy",
        "a `flask_sqlalchemy.SQLAlchemy` on PostgreSQL, MySQL or MariaDB that can be translated",
    ): [of_database("postgresql+psycopg2://u:p@h/d"), of_database("mariadb+pymysql://u:p@h/d")],
    (
        "sqlalchemy",
        "the same with `SESSION_NATIVE = False`; one on SQLite or another database",
    ): [of_database("sqlite://"), of_database("postgresql+psycopg2://u:p@h/d", SESSION_NATIVE=False)],
    ("sqlalchemy", "a URL of a native store"): [
        lambda _: configured(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY="postgresql://h/database"),
        lambda _: configured(SESSION_TYPE="sqlalchemy", SESSION_URL="postgresql://h/database"),
    ],
    ("sqlalchemy", "another URL, or with `SESSION_NATIVE = False`"): [
        lambda _: configured(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY="sqlite://", SESSION_NATIVE=False),
    ],
    ("memcached", "a URL or one server"): [
        of_memcached("memcached://h"),
        of_memcached(["h:1"]),
        lambda _: configured(SESSION_URL="memcached+unix:///run/socket"),
    ],
    ("memcached", "a client of one server that can be translated"): [
        of_memcached(memcache.Client(["h:1"])),
        of_memcached(pylibmc.Client(["h:1"])),
        of_memcached(pymemcache.Client("h:1")),
    ],
    (
        "memcached",
        "several servers, a client of several, one of libmc, or with `SESSION_NATIVE = False`",
    ): [
        of_memcached(["h:1", "h:2"]),
        of_memcached(pymemcache.HashClient(["h:1", "h:2"])),
        of_memcached(memcache.Client(["h:1", "h:2"], cache_cas=True)),
        of_memcached(libmc.Client(["h:1"])),
        of_memcached(pylibmc.Client(["h:1"], behaviors={"cas": True}), SESSION_NATIVE=False),
    ],
    (
        "memcached",
        "the same with python-memcached without `cache_cas`, or pylibmc without the behavior `cas`",
    ): [
        of_memcached(memcache.Client(["h:1"]), SESSION_NATIVE=False),
        of_memcached(pylibmc.Client(["h:1", "h:2"])),
    ],
    ("memcached", "anything else with `get`, `set` and `delete`"): [of_memcached(mock.Mock())],
    ("postgresql", "a URL"): [
        lambda _: configured(SESSION_URL="postgresql://h/database"),
        lambda _: configured(SESSION_URL="postgresql://h/database", SESSION_TYPE="postgresql"),
        lambda _: configured(SESSION_TYPE="postgresql", SESSION_POSTGRESQL="postgresql://h/database"),
    ],
    ("postgresql", "a pool of psycopg2's"): [
        lambda _: configured(SESSION_TYPE="postgresql", SESSION_POSTGRESQL=ThreadedConnectionPool(0, 1, ""))
    ],
    ("mongodb", "a URL"): [
        of_mongodb("mongodb://h"),
        lambda _: configured(SESSION_URL="mongodb+srv://h.example.invalid/shop"),
    ],
    ("mongodb", "a `MongoClient` that can be translated"): [of_mongodb(MONGO_CLIENT)],
    ("mongodb", "the same with `SESSION_NATIVE = False`"): [of_mongodb(MONGO_CLIENT, SESSION_NATIVE=False)],
    ("mongodb", "a subclass, or what else behaves like a `MongoClient`"): [
        of_mongodb(MongoSubclass(connect=False))
    ],
    ("mysql", "a URL"): [lambda _: configured(SESSION_URL="mysql+pymysql://h/database")],
    ("sqlite", "a URL"): [lambda folder: configured(SESSION_URL=f"sqlite:///{folder}/app.db")],
    ("filesystem", "a directory or a URL"): [
        lambda folder: configured(SESSION_TYPE="filesystem", SESSION_FILE_DIR=folder),
        lambda folder: configured(SESSION_URL=f"file:{folder}"),
    ],
    ("filesystem", "a cache assigned to `interface.cache`"): [with_cache],
    ("dynamodb", "a `boto3` resource or a URL"): [
        lambda _: configured(SESSION_TYPE="dynamodb", SESSION_DYNAMODB=RESOURCE),
        lambda _: configured(SESSION_TYPE="dynamodb", SESSION_DYNAMODB="http://k:s@h?region=r"),
    ],
    ("cachelib", "any cachelib cache"): [
        lambda _: configured(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    ],
    ("any", "an interface with a storage hook of your own, or another `serializer`"): [
        lambda _: OwnHook(flask.Flask("own")),
        with_serializer,
    ],
}


def table(heading: str) -> list[tuple[str, ...]]:
    """The rows below `heading`, without those that head them."""
    text = PAGE.read_text().partition(heading)[2]
    rows = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [tuple(cell.strip() for cell in row.split(" | ")) for row in rows]


GUARANTEES = {row[:2]: row[2:] for row in table("## What is guaranteed")[2:]}


def test_every_row_is_tried() -> None:
    assert set(GUARANTEES) == set(BUILT)


@pytest.mark.parametrize("row", BUILT, ids=" ".join)
def test_a_row_is_true(row: tuple[str, str], tmp_path: Path) -> None:
    through, guarantee = GUARANTEES[row]
    for build in BUILT[row]:
        interface: ServerSideSessionInterface = build(tmp_path)
        assert interface.guarantee == guarantee
        assert isinstance(interface._direct_store(), Store) is through.startswith("native")


def test_the_pages_list_says_how_the_urls_of_each_store_begin() -> None:
    listed = set(re.findall(r"`([a-z0-9+]+):`", PAGE.read_text()))
    assert listed <= {scheme for _, schemes in backends() for scheme in schemes}
    assert {name for name, schemes in backends() if schemes[0] not in listed} == set()


def test_every_native_store_has_a_row() -> None:
    assert {name for name, _ in backends()} <= {store for store, _ in GUARANTEES}
