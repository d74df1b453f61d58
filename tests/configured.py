"""What an application configures for each store, native and through Python clients, in a test's place."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

Place = dict[str, str]
Settings = dict[str, Any]


def at_url(place: Place) -> Settings:
    return {"SESSION_URL": place["url"]}


def files(place: Place) -> Settings:
    return {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": place["folder"]}


def mongodb(place: Place) -> Settings:
    return {**at_url(place), "SESSION_MONGODB_DB": place["table"]}


def sql(place: Place) -> Settings:
    return {**at_url(place), "SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY_TABLE": place["table"]}


def through(kind: str, client: Any, **settings: Any) -> Settings:
    return {
        "SESSION_TYPE": kind,
        f"SESSION_{kind.upper()}": client,
        "SESSION_NATIVE": False,
        **settings,
    }


def redis_py(place: Place) -> Settings:
    return through("redis", importlib.import_module("redis").Redis.from_url(place["url"]))


def redis_py_cluster(place: Place) -> Settings:
    where = urlsplit(place["url"])
    client = importlib.import_module("redis").RedisCluster(host=where.hostname, port=where.port)
    return through("redis", client)


def redis_py_sentinel(place: Place) -> Settings:
    where = urlsplit(place["url"])
    sentinel = importlib.import_module("redis.sentinel").Sentinel([(where.hostname, where.port)])
    return through("redis", sentinel.master_for(where.path[1:]))


def pymemcache(place: Place) -> Settings:
    client = importlib.import_module("pymemcache").PooledClient(urlsplit(place["url"]).netloc)
    return through("memcached", client)


def pylibmc(place: Place) -> Settings:
    servers = [urlsplit(place["url"]).netloc]
    return through("memcached", importlib.import_module("pylibmc").Client(servers, behaviors={"cas": True}))


def python_memcached(place: Place) -> Settings:
    servers = [urlsplit(place["url"]).netloc]
    return through(
        "memcached", importlib.import_module("memcache").Client(servers, cache_cas=True, socket_timeout=120)
    )


def pymongo(place: Place) -> Settings:
    client = importlib.import_module("pymongo").MongoClient(place["url"])
    return through("mongodb", client, SESSION_MONGODB_DB=place["table"])


def psycopg2_pool(place: Place) -> Settings:
    pool = importlib.import_module("psycopg2.pool").ThreadedConnectionPool(1, 8, place["url"])
    return through("postgresql", pool, SESSION_POSTGRESQL_TABLE=place["table"])


def flask_sqlalchemy(place: Place) -> Settings:
    uri = (
        place["url"]
        .replace("mysql://", "mysql+pymysql://")
        .replace("postgresql://", "postgresql+psycopg2://")
    )
    db = importlib.import_module("flask_sqlalchemy").SQLAlchemy()
    table = {"SESSION_SQLALCHEMY_TABLE": place["table"]}
    return through("sqlalchemy", db, SQLALCHEMY_DATABASE_URI=uri, **table)


def close(settings: Settings) -> None:
    """Closes the clients; the engines of Flask-SQLAlchemy belong to the application."""
    for client in settings.values():
        for name in ("close", "closeall", "disconnect_all"):
            # Looked for in the class: pymongo's clients have any attribute, as a database.
            getattr(type(client), name, lambda _: None)(client)
        pool = getattr(client, "__dict__", {}).get("connection_pool")
        for sentinel in getattr(getattr(pool, "sentinel_manager", None), "sentinels", ()):
            sentinel.close()


def boto3(place: Place) -> Settings:
    resource = importlib.import_module("flask_session.dynamodb.resource").resource_at(place["url"])
    return through("dynamodb", resource, SESSION_DYNAMODB_TABLE=place["table"])


def cachelib(place: Place) -> Settings:
    folder = str(Path(place["folder"]) / "cache")
    return through("cachelib", importlib.import_module("cachelib").FileSystemCache(folder))


CONFIGURED: dict[str, Callable[[Place], Settings]] = {
    "files": files,
    **dict.fromkeys(("redis", "cluster", "sentinel", "memcached"), at_url),
    "mongodb": mongodb,
    **dict.fromkeys(("postgresql", "mysql", "sqlite"), sql),
    "redis_py": redis_py,
    "redis_py_cluster": redis_py_cluster,
    "redis_py_sentinel": redis_py_sentinel,
    "pymemcache": pymemcache,
    "pylibmc": pylibmc,
    "python_memcached": python_memcached,
    "pymongo": pymongo,
    "psycopg2_pool": psycopg2_pool,
    **dict.fromkeys(("sqlalchemy_postgresql", "sqlalchemy_mariadb", "sqlalchemy_sqlite"), flask_sqlalchemy),
    "sqlalchemy_memory": flask_sqlalchemy,
    "boto3": boto3,
    "cachelib": cachelib,
}
