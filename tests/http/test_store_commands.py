"""What a request costs the Redis server, by MONITOR: connection set-up and the lines of scripts apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actions import nothing, put, see, see_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from site_under_test import Browser, Site

    from redis_server import RedisServer

CAN_NOT_BE_IDS = [
    "two words",
    "../../etc/passwd",
    "short",
    "a" * 300,
    "%0d%0aFLUSHALL",
    "id:with:colons:and:prefix",
    "with.dots.in.it.and.long.enough",
    '"quoted with spaces"',
    "\xc4\xd6\xdc\xc4\xd6\xdc\xc4\xd6\xdc",
    "",
]


@pytest.fixture
def open_browser(open_site: Callable[..., Site], redis_server: RedisServer) -> Callable[..., Browser]:
    """A browser with a session, on a site whose connections are warm."""

    def opened(**config: Any) -> Browser:
        site = open_site(SESSION_TYPE="redis", SESSION_REDIS=redis_server.client(), **config)
        browser = site.browser()
        browser.visit(put(user="ann"))
        browser.visit(put(more="x"))
        browser.visit(see("user"))
        return browser

    return opened


def test_an_untouched_request_within_the_interval_sends_nothing(
    open_browser: Callable[..., Browser], redis_server: RedisServer
) -> None:
    browser = open_browser()
    with redis_server.monitored() as monitor:
        answer = browser.visit(nothing)
        assert monitor.commands() == []
    assert answer.set_cookie is None
    assert answer.vary is None


def test_an_untouched_request_whose_refresh_is_due_sends_one_command(
    open_browser: Callable[..., Browser], redis_server: RedisServer
) -> None:
    browser = open_browser(SESSION_TOUCH_INTERVAL=0, PERMANENT_SESSION_LIFETIME=5000)
    (key,) = redis_server.client().keys()
    redis_server.client().expire(key, 100)
    with redis_server.monitored() as monitor:
        answer = browser.visit(nothing)
        (command,) = monitor.commands()
    assert key.decode() in command
    assert redis_server.client().ttl(key) > 4000
    assert answer.set_cookie is not None
    assert answer.vary == "Cookie"


def test_a_read_is_one_command(open_browser: Callable[..., Browser], redis_server: RedisServer) -> None:
    browser = open_browser()
    with redis_server.monitored() as monitor:
        assert browser.visit(see_all).status == 200
        assert len(monitor.commands()) == 1


def test_a_read_whose_refresh_is_due_is_one_command(
    open_browser: Callable[..., Browser], redis_server: RedisServer
) -> None:
    browser = open_browser(SESSION_TOUCH_INTERVAL=0, PERMANENT_SESSION_LIFETIME=5000)
    (key,) = redis_server.client().keys()
    redis_server.client().expire(key, 100)
    with redis_server.monitored() as monitor:
        browser.visit(see("user"))
        assert len(monitor.commands()) == 1
    assert redis_server.client().ttl(key) > 4000


@pytest.mark.parametrize("size", [1, 3900])
def test_a_write_up_to_4_kb_is_two_commands(
    open_browser: Callable[..., Browser], redis_server: RedisServer, size: int
) -> None:
    browser = open_browser()
    with redis_server.monitored() as monitor:
        browser.visit(put(text="x" * size))
        assert len(monitor.commands()) == 2
    assert browser.visit(lambda: len(see("text")())).body == str(size)


def test_assigning_what_is_stored_already_writes_nothing(
    open_browser: Callable[..., Browser], redis_server: RedisServer
) -> None:
    browser = open_browser()
    with redis_server.monitored() as monitor:
        browser.visit(put(user="ann"))
        assert len(monitor.commands()) == 1


def test_a_new_session_is_one_command(
    open_browser: Callable[..., Browser], redis_server: RedisServer
) -> None:
    browser = open_browser()
    with redis_server.monitored() as monitor:
        browser.site.browser().visit(put(user="bob"))
        assert len(monitor.commands()) == 1


def test_a_browser_without_a_cookie_that_writes_nothing_sends_nothing(
    open_browser: Callable[..., Browser], redis_server: RedisServer
) -> None:
    browser = open_browser()
    with redis_server.monitored() as monitor:
        assert browser.site.browser().visit(see_all).body == "{}"
        assert monitor.commands() == []


@pytest.mark.parametrize("cookie", CAN_NOT_BE_IDS)
def test_a_cookie_that_cannot_be_an_id_never_reaches_the_store(
    open_browser: Callable[..., Browser], redis_server: RedisServer, cookie: str
) -> None:
    site = open_browser().site
    with redis_server.monitored() as monitor:
        assert site.browser(cookie).visit(see_all).body == "{}"
        assert monitor.commands() == []
        stranger = site.browser(cookie)
        assert stranger.visit(put(user="eve")).status == 200
        (command,) = monitor.commands()
    assert stranger.cookie not in (None, cookie)
    assert cookie == "" or not any(cookie in word for word in command)


def test_of_several_cookies_the_one_that_the_store_knows_counts(
    open_browser: Callable[..., Browser],
) -> None:
    browser = open_browser()
    shadowed = f"bad; session=7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk; session={browser.cookie}"
    assert browser.site.browser(shadowed).visit(see("user")).body == "'ann'"


def test_an_id_that_the_store_does_not_know_is_never_adopted(open_browser: Callable[..., Browser]) -> None:
    unknown = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk"
    stranger = open_browser().site.browser(unknown)
    stranger.visit(put(user="eve"))
    assert stranger.cookie not in (None, unknown)
