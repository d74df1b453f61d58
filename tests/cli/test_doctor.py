"""`flask session doctor` finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from flask.sessions import SessionInterface

from cli.conftest import LISTING, Site
from memcached_server import MemcachedServer
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mongodb_server import MongoDBServer

HAS_PARTITIONED = hasattr(SessionInterface, "get_cookie_partitioned")
GOOD: dict[str, Any] = {
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_CLEANUP_N_REQUESTS": 100,
}


def examined(site: Site, status: int | None = None) -> list[dict[str, str]]:
    result = site.run("doctor", "--json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    found: list[dict[str, str]] = json.loads(result.stdout)
    assert result.exit_code == int(any(finding["level"] == "problem" for finding in found))
    if status is not None:
        assert result.exit_code == status, found
    return found


def texts(found: list[dict[str, str]], level: str) -> str:
    return "\n".join(
        f"{finding['subject']}: {finding['text']} {finding['change']}"
        for finding in found
        if finding["level"] == level
    )


@pytest.mark.parametrize("kind", [*LISTING, "memcached"])
def test_a_store_that_is_in_order_has_no_problem(make_site: Callable[..., Site], kind: str) -> None:
    site = make_site(kind, **GOOD)
    browsers = site.logged_in("ann")
    found = examined(site, 0)
    told = texts(found, "ok")
    assert "writing, reading and deleting work" in told
    assert "guarantee: merge" in told
    assert kind == "memcached" or "records: 1 looked at: 1 msgpack" in told
    assert "could not be checked" not in texts(found, "advice")
    if kind.partition("_")[0] not in ("filesystem", "sqlite", "dynamodb"):
        assert "clock: the server's clock and this machine's agree" in told
    assert site.user(browsers["ann"]) == "ann"
    assert browsers["ann"] not in json.dumps(found)


def test_it_leaves_nothing_in_the_store(make_site: Callable[..., Site]) -> None:
    site = make_site("redis", **GOOD)
    examined(site)
    assert site.interface._current_store().list(site.interface.key_prefix) == ([], None)


def test_it_is_printed_for_people_too(make_site: Callable[..., Site]) -> None:
    site = make_site("redis", SESSION_COOKIE_SAMESITE="None")
    result = site.run("doctor")
    assert result.exit_code == 1
    assert "problem cookie: browsers refuse it: SameSite=None demands Secure" in result.output
    assert "-> set SESSION_COOKIE_SECURE = True" in result.output


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"SESSION_COOKIE_NAME": "__Host-s", "SESSION_COOKIE_SECURE": False}, "demands Secure"),
        ({"SESSION_COOKIE_NAME": "__Secure-s", "SESSION_COOKIE_SECURE": False}, "demands Secure"),
        ({"SESSION_COOKIE_NAME": "__Host-s", "SESSION_COOKIE_PATH": "/app"}, "demands the path /"),
        ({"SESSION_COOKIE_NAME": "__Host-s", "SESSION_COOKIE_DOMAIN": "example.org"}, "forbids a domain"),
        ({"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": False}, "SameSite=None demands Secure"),
        pytest.param(
            {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": False},
            "Partitioned demands Secure",
            marks=pytest.mark.skipif(not HAS_PARTITIONED, reason="Flask before 3.1"),
        ),
        ({"SESSION_USE_SIGNER": True}, "there is no key"),
        ({"PERMANENT_SESSION_LIFETIME": 0}, "sessions end at once"),
        ({"SESSION_TOUCH_INTERVAL": 2000, "PERMANENT_SESSION_LIFETIME": 3000}, "SESSION_TOUCH_INTERVAL"),
    ],
)
def test_settings_that_lose_sessions_are_problems(
    make_site: Callable[..., Site], config: dict[str, Any], problem: str
) -> None:
    assert problem in texts(examined(make_site("redis", **{**GOOD, **config}), 1), "problem")


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ({"SESSION_COOKIE_SECURE": False}, "set SESSION_COOKIE_SECURE = True"),
        ({"SESSION_COOKIE_HTTPONLY": False}, "set SESSION_COOKIE_HTTPONLY = True"),
        ({"SESSION_COOKIE_SAMESITE": None}, 'set SESSION_COOKIE_SAMESITE = "Lax"'),
        ({"PERMANENT_SESSION_LIFETIME": 30}, "sessions end after 30 s"),
        ({"SESSION_ON_CONFLICT": "overwrite"}, 'set SESSION_ON_CONFLICT = "merge"'),
    ],
)
def test_settings_that_could_be_better_are_advice(
    make_site: Callable[..., Site], config: dict[str, Any], advice: str
) -> None:
    assert advice in texts(examined(make_site("redis", **{**GOOD, **config}), 0), "advice")


def test_whose_expired_sessions_nobody_removes_is_told(make_site: Callable[..., Site]) -> None:
    for kind, expected in {"filesystem": True, "sqlite_client": True, "redis": False}.items():
        site = make_site(kind, **{**GOOD, "SESSION_CLEANUP_N_REQUESTS": None})
        assert ("nothing removes expired sessions" in texts(examined(site, 0), "advice")) is expected, kind


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that a test may configure as it likes."""
    server = RedisServer().start()
    yield server
    server.stop()


def test_redis_that_evicts_sessions_is_a_problem(own_redis: RedisServer) -> None:
    site = Site(SESSION_TYPE="redis", SESSION_REDIS=own_redis.client(), **GOOD)
    own_redis.client().config_set("maxmemory", "50mb")
    assert "at 52428800 bytes Redis refuses to write" in texts(examined(site, 0), "advice")
    own_redis.client().config_set("maxmemory-policy", "volatile-lru")
    assert "maxmemory-policy volatile-lru" in texts(examined(site, 1), "problem")


def test_a_redis_user_without_permissions_is_told_what_is_missing(own_redis: RedisServer) -> None:
    own_redis.client().execute_command("ACL", "SETUSER", "poor", "on", ">p", "~*", "+get", "+set", "+del")
    url = f"redis://poor:p@127.0.0.1:{own_redis.port}/0"
    found = examined(Site(SESSION_TYPE="redis", SESSION_REDIS=url, **GOOD))
    assert "permissions: " in texts(found, "problem")
    assert "guarantee: overwrite" in texts(found, "advice")
    assert "NoPermission" in texts(found, "advice")


@pytest.mark.parametrize("native", [True, False])
def test_a_store_that_is_down_is_a_problem_and_no_traceback(
    make_site: Callable[..., Site], native: bool
) -> None:
    url = "redis://:password@127.0.0.1:1/0"
    site = make_site("redis", **{**GOOD, "SESSION_REDIS": url, "SESSION_NATIVE": native})
    found = examined(site, 1)
    assert "store: " in texts(found, "problem")
    assert "password" not in json.dumps(found)


def test_memcached_that_has_evicted_is_a_problem() -> None:
    server = MemcachedServer("-m", "1", "-I", "512k").start()
    try:
        site = Site(SESSION_TYPE="memcached", SESSION_MEMCACHED=server.url, **GOOD)
        for number in range(400):
            site.interface._current_store().put(f"filler{number}", b"x" * 30_000, 1000)
        found = examined(site, 1)
    finally:
        server.stop()
    assert "items evicted: live sessions may be among them" in texts(found, "problem")
    assert "524288 bytes" in texts(found, "ok")


@pytest.mark.parametrize("kind", ["mongodb", "mongodb_client"])
def test_mongodb_without_its_indexes_is_a_problem(
    make_site: Callable[..., Site], mongodb_server: MongoDBServer, kind: str
) -> None:
    site = make_site(kind, **GOOD)
    site.logged_in("ann")
    config = site.app.config
    collection = mongodb_server.own_client[config["SESSION_MONGODB_DB"]]["sessions"]
    examined(site, 0)
    collection.drop_indexes()
    found = texts(examined(site, 1), "problem")
    assert 'createIndex({"id": 1}, {"unique": true})' in found
    assert "expireAfterSeconds" in found


def test_tables_made_by_hand_are_examined(make_site: Callable[..., Site]) -> None:
    site = make_site("mariadb_client", **GOOD)
    table = site.app.config["SESSION_SQLALCHEMY_TABLE"]
    with site.app.app_context():
        engine = site.app.config["SESSION_SQLALCHEMY"].engine
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.text(
                    f"CREATE TABLE {table} (id INT PRIMARY KEY AUTO_INCREMENT, session_id VARCHAR(64), "
                    "data BLOB, expiry DATETIME)"
                )
            )
    found = examined(site, 1)
    assert "session_id is not unique" in texts(found, "problem")
    assert f"ALTER TABLE {table} MODIFY data LONGBLOB" in texts(found, "problem")
    assert f"CREATE INDEX {table}_expiry" in texts(found, "advice")
    assert "make it VARCHAR(255)" in texts(found, "advice")


def test_a_table_that_is_missing_is_a_problem(make_site: Callable[..., Site]) -> None:
    site = make_site("sqlite_client", **GOOD, SESSION_SQLALCHEMY_TABLE_EXISTS=True)
    assert "flask session init-db" in texts(examined(site, 1), "problem")
    site.told("init-db")
    examined(site, 0)


def test_a_folder_that_others_may_enter_is_told(make_site: Callable[..., Site], tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    site = make_site("filesystem", **GOOD, SESSION_FILE_DIR=str(folder), SESSION_FILE_THRESHOLD=10)
    site.logged_in("ann")
    folder.chmod(0o755)
    advice = texts(examined(site, 0), "advice")
    assert "others may list it" in advice
    assert "beyond 10 sessions" in advice
    folder.chmod(0o777)
    assert "others may put files there" in texts(examined(site, 1), "problem")


def test_a_disk_that_is_nearly_full_is_told(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site("filesystem", **GOOD)
    assert "bytes are free" not in texts(examined(site), "problem")
    monkeypatch.setattr("flask_session.cli.checks.filesystem.LITTLE", 1)
    monkeypatch.setattr("flask_session.cli.checks.filesystem.ENOUGH", 1 << 60)
    assert "bytes are free" in texts(examined(site, 1), "problem")


def test_records_of_older_versions_are_counted(make_site: Callable[..., Site]) -> None:
    site = make_site("redis", **GOOD)
    site.logged_in("ann")
    store, prefix = site.interface._current_store(), site.interface.key_prefix
    store.put(prefix + "a-json-session", b'{"a":1}', 1000)
    for number in range(2):
        store.put(f"{prefix}a-pickle-{number}", pickle.dumps({"a": 1}), 1000)
    store.put(prefix + "a-counter", pickle.dumps({"bad": Counter()}), 1000)
    found = examined(site, 1)
    (told,) = (finding["text"] for finding in found if "looked at" in finding["text"])
    assert told.startswith("5 looked at: 2 pickle, ")
    assert sorted(told[13:].split(", ")) == ["1 JSON", "1 msgpack", "1 unreadable", "2 pickle"]
    assert "2 are pickles" in texts(found, "advice")
    assert "collections.Counter" in texts(found, "problem")
    site.told("migrate")
    assert "are pickles" not in texts(examined(site), "advice")


def test_pickles_that_are_not_read_are_a_problem(make_site: Callable[..., Site]) -> None:
    site = make_site("redis", **GOOD, SESSION_LEGACY_PICKLE=False)
    store, prefix = site.interface._current_store(), site.interface.key_prefix
    store.put(prefix + "a-pickle", pickle.dumps({"a": 1}), 1000)
    assert "SESSION_LEGACY_PICKLE = True" in texts(examined(site, 1), "problem")


def test_sessions_that_never_end_are_told(make_site: Callable[..., Site]) -> None:
    site = make_site("redis", **GOOD)
    client, prefix = site.interface.client, site.interface.key_prefix
    client.set(prefix + "endless-session", b'{"a":1}')
    client.set(prefix + "long-session", b'{"a":1}', ex=100 * 24 * 3600)
    advice = texts(examined(site, 0), "advice")
    assert "records: 1 never expire" in advice
    assert "records: 1 live longer" in advice


def test_a_clock_that_differs_is_a_problem() -> None:
    import time

    from flask_session.cli.checks.finding import clock

    began = time.time()
    assert clock(began, began).level == "ok"
    assert clock(began - 60, began).level == "problem"
    assert clock(time.time() + 60, began).level == "problem"


def test_sessions_in_a_cachelib_cache_are_left_to_it() -> None:
    import cachelib

    site = Site(SESSION_TYPE="cachelib", SESSION_CACHELIB=cachelib.SimpleCache(), **GOOD)
    assert "can't be looked into" in texts(examined(site, 0), "advice")
