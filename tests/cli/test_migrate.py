"""`flask session migrate`: sessions go to another store or format, and nobody is logged out."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from cli.conftest import LISTING, Site
from flask_session._core import Codec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis_server import RedisServer

LIFETIME = 5000


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer) -> Site:
    """A site on a Redis database of its own."""
    return Site(SESSION_URL=redis_server.url(7), PERMANENT_SESSION_LIFETIME=10 * LIFETIME)


def url_of(site: Site) -> str:
    url: str = site.app.config["SESSION_URL"]
    return url


@pytest.mark.parametrize("kind", LISTING)
def test_sessions_go_to_another_store_with_the_rest_of_their_lives(
    make_site: Callable[..., Site], target: Site, kind: str
) -> None:
    source = make_site(kind, PERMANENT_SESSION_LIFETIME=LIFETIME)
    browsers = source.logged_in("ann", "bob", "cyd")
    prefix = f"SESSION_KEY_PREFIX={target.interface.key_prefix}"
    order = ("migrate", "--to", url_of(target), "--to-set", prefix)
    assert source.told(*order, "--dry-run") == ["3 read", "3 to be written", "0 skipped", "0 unreadable"]
    assert target.user(browsers["ann"]) == "nobody"
    assert source.told(*order) == ["3 read", "3 written", "0 skipped", "0 unreadable"]
    for user, cookie in browsers.items():
        left = target.left(cookie)
        assert left is not None
        assert LIFETIME / 2 < left < LIFETIME + 10, "each store rounds up"
        assert target.user(cookie) == user
        assert source.user(cookie) == user
    again = source.told(*order)
    assert again == ["3 read", "0 written", "3 skipped (3 already there)", "0 unreadable"]


@pytest.mark.parametrize("kind", [*LISTING, "memcached"])
def test_every_store_takes_sessions_in(make_site: Callable[..., Site], target: Site, kind: str) -> None:
    browsers = target.logged_in("ann")
    site = make_site(kind)
    prefix = site.interface.key_prefix
    told = site.told("migrate", "--from", url_of(target), "--from-set", "SESSION_KEY_PREFIX=session:")
    assert told[1] == "1 written"
    assert site.user(browsers["ann"]) == "ann"
    assert site.interface.key_prefix == prefix
    again = site.told("migrate", "--from", url_of(target), "--from-set", "SESSION_KEY_PREFIX=session:")
    assert again[2] == "1 skipped (1 already there)"


def test_a_newer_session_of_the_target_stays_unless_asked(
    make_site: Callable[..., Site], target: Site
) -> None:
    source = make_site("redis", PERMANENT_SESSION_LIFETIME=LIFETIME, SESSION_KEY_PREFIX="session:")
    browsers = source.logged_in("ann", "bob")
    source.told("migrate", "--to", url_of(target))
    # Each goes on at another site; lives are ten times as long at the target's.
    target.visit("/change/target", browsers["ann"])
    source.visit("/change/source", browsers["bob"])
    source.interface._current_store().touch("session:" + browsers["bob"], 2 * LIFETIME)
    told = source.told("migrate", "--to", url_of(target))
    assert told[1:3] == ["1 written", "1 skipped (1 newer in the target)"]
    assert target.user(browsers["ann"]) == "anntarget"
    assert target.user(browsers["bob"]) == "bobsource"
    assert source.told("migrate", "--to", url_of(target), "--overwrite")[1] == "1 written"
    assert target.user(browsers["ann"]) == "ann"


def test_a_longer_life_of_the_source_is_carried_over(make_site: Callable[..., Site], target: Site) -> None:
    source = make_site("redis", PERMANENT_SESSION_LIFETIME=LIFETIME, SESSION_KEY_PREFIX="session:")
    cookie = source.logged_in("ann")["ann"]
    source.told("migrate", "--to", url_of(target))
    source.interface._current_store().touch("session:" + cookie, 3 * LIFETIME)
    assert source.told("migrate", "--to", url_of(target))[2] == "1 skipped (1 already there)"
    left = target.left(cookie)
    assert left is not None
    assert left > 2 * LIFETIME


@pytest.mark.parametrize("kind", LISTING)
def test_a_store_is_rewritten_in_another_format(make_site: Callable[..., Site], kind: str) -> None:
    site = make_site(kind, PERMANENT_SESSION_LIFETIME=LIFETIME)
    cookie = site.logged_in("ann")["ann"]
    before = site.payload(cookie)
    assert site.told("migrate", "--format", "json")[1] == "1 written"
    assert json.loads(site.payload(cookie))["user"] == "ann"
    assert site.user(cookie) == "ann"
    assert site.told("migrate", "--format", "json")[2] == "1 skipped (1 already there)"
    site.told("migrate", "--format", "msgpack")
    assert site.payload(cookie) == before
    left = site.left(cookie)
    assert left is not None
    assert left < LIFETIME + 10, "each store rounds up"


def test_plain_is_what_0_8_0_would_write(make_site: Callable[..., Site]) -> None:
    site = make_site("redis")
    cookie = site.logged_in("ann")["ann"]
    assert Codec().decode(site.payload(cookie))["pair"] == (1, (2, b"bytes"))
    site.told("migrate", "--plain")
    plain = Codec().decode(site.payload(cookie))
    assert plain is not None
    assert plain["pair"] == [1, [2, b"bytes"]]
    assert plain["amount"] == "1.10"


def test_pickles_are_rewritten_and_what_can_not_be_read_is_counted_by_its_reason(
    make_site: Callable[..., Site],
) -> None:
    site = make_site("redis", SESSION_KEY_PREFIX="old:")
    store = site.interface._current_store()
    store.put("old:a-pickle", pickle.dumps({"user": "ann", "pair": (1, 2)}), LIFETIME)
    for number in range(2):
        store.put(f"old:counter{number}", pickle.dumps({"user": "ann", "bad": Counter()}), LIFETIME)
    store.put("old:garbage", b"garbage", LIFETIME)
    told = site.told("migrate")
    assert told[:4] == ["4 read", "1 written", "0 skipped", "3 unreadable"]
    assert any(line.startswith("2 unreadable") and "collections.Counter" in line for line in told)
    assert Codec(legacy_pickle=False).decode(site.payload("a-pickle")) == {"user": "ann", "pair": (1, 2)}
    assert not any("counter" in line or "ann" in line for line in told)
    assert store.get("old:garbage") == b"garbage"


def test_what_is_too_large_for_the_target_is_counted(make_site: Callable[..., Site], target: Site) -> None:
    target.interface._current_store().put("session:large-session", Codec().encode({"a": "x" * 2**21}), 1000)
    site = make_site("memcached", SESSION_KEY_PREFIX="session:")
    told = site.told("migrate", "--from", url_of(target))
    assert told[1:4] == ["0 written", "0 skipped", "1 unreadable"]


def test_a_session_of_that_changes_meanwhile_is_left_to_the_application(
    make_site: Callable[..., Site], target: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_session.cli import moving

    source = make_site("redis", PERMANENT_SESSION_LIFETIME=LIFETIME, SESSION_KEY_PREFIX="session:")
    cookie = source.logged_in("ann")["ann"]
    encode = moving.encode

    def late(serializer: object, data: object) -> object:
        # Between the reading and the writing, its owner comes to the target.
        source.visit("/change/meanwhile", cookie)
        return encode(serializer, data)

    monkeypatch.setattr(moving, "encode", late)
    told = source.told("migrate", "--format", "json")
    assert told[2] == "1 skipped (1 newer in the target)"
    assert source.user(cookie) == "annmeanwhile"


@pytest.mark.parametrize("kind", ["memcached", "cachelib"])
def test_a_store_that_can_not_list_says_so(
    make_site: Callable[..., Site], request: pytest.FixtureRequest, tmp_path: Path, target: Site, kind: str
) -> None:
    if kind == "cachelib":
        import cachelib

        site = Site(SESSION_TYPE=kind, SESSION_CACHELIB=cachelib.SimpleCache())
    else:
        site = make_site(kind)
    result = site.run("migrate", "--to", url_of(target))
    assert result.exit_code == 1
    assert "list" in result.output
    assert "Traceback" not in result.output


def test_files_of_flask_session_are_counted_and_left(make_site: Callable[..., Site], target: Site) -> None:
    site = make_site("filesystem")
    site.logged_in("ann")
    from cachelib import FileSystemCache

    FileSystemCache(site.app.config["SESSION_FILE_DIR"]).set("session:old", {"user": "old"})
    told = site.told("migrate", "--to", url_of(target))
    assert told[1] == "1 written"
    assert any("files of Flask-Session hold no session id" in line for line in told)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--to-set", "SESSION_KEY_PREFIX=x"),
        ("--to", "redis://127.0.0.1:1", "--to-set", "prefix"),
        ("--to", "cachelib:"),
        ("--to", "cachelib:///tmp/x", "--format", "json"),
        ("--to", "cachelib:///tmp/x", "--to-set", "SESSION_FILE_MODE=1"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    make_site: Callable[..., Site], arguments: tuple[str, ...]
) -> None:
    assert make_site("redis").run("migrate", *arguments).exit_code == 2


@pytest.mark.parametrize("kind", ["redis", "redis_client"])
def test_a_store_that_is_down_is_one_line(make_site: Callable[..., Site], kind: str) -> None:
    site = make_site(kind)
    site.logged_in("ann")
    result = site.run("migrate", "--to", "redis://:password@127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "password" not in result.output


def test_a_serializer_of_the_applications_own_is_used(make_site: Callable[..., Site], target: Site) -> None:
    class Backwards:
        def encode(self, data: dict[str, object]) -> bytes:
            return Codec().encode(dict(data))[::-1]

        def decode(self, payload: bytes) -> object:
            return Codec().decode(payload[::-1])

    site = make_site("redis", SESSION_KEY_PREFIX="session:")
    site.interface.serializer = Backwards()
    cookie = site.logged_in("ann")["ann"]
    assert site.told("migrate", "--to", url_of(target))[1] == "1 written"
    assert target.user(cookie) == "ann"
    assert site.run("migrate", "--format", "json").exit_code == 2
