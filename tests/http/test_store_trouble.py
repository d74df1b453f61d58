"""What users see when the store is slow, gone, damaged or strict: at most one clear error."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from actions import nothing, put, see, see_all

from flask_session import exceptions
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from site_under_test import Browser, Site

SHORT, LONG = 0.5, 60.0


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    """A server that this test may stop."""
    server = RedisServer().start()
    yield server
    server.stop()


@pytest.fixture
def fragile(open_site: Callable[..., Site], own_server: RedisServer) -> Site:
    """A site which answers store errors by 503 and counts them."""
    return site_with_limit(open_site, own_server, LONG)


def site_with_limit(open_site: Callable[..., Site], own_server: RedisServer, limit: float) -> Site:
    url = own_server.url() + f"?socket_timeout={limit}&socket_connect_timeout={limit}"
    site = open_site(SESSION_TYPE="redis", SESSION_REDIS=url)
    site.app.extensions["errors"] = []

    @site.app.errorhandler(exceptions.SessionError)
    def sorry(error: Exception) -> tuple[str, int]:
        site.app.extensions["errors"].append(error)
        return "the session store is not available", 503

    return site


@pytest.mark.shows("time-limits")
def test_a_stalled_server_gives_one_clear_error_in_time_and_recovers(
    open_site: Callable[..., Site], own_server: RedisServer
) -> None:
    patient = site_with_limit(open_site, own_server, LONG).browser()
    patient.visit(put(user="ann"))
    site = site_with_limit(open_site, own_server, SHORT)
    browser, errors = site.browser(patient.cookie), site.app.extensions["errors"]
    sees_ann_within_the_limit(browser)
    errors.clear()
    with own_server.suspended():
        answer = browser.visit(see("user"))
        assert browser.visit(nothing).status == 200, "an untouched request needs no store"
    assert answer.status == 503
    assert answer.set_cookie is None
    (error,) = errors
    assert isinstance(error, exceptions.StoreTimedOut)
    assert browser.cookie is not None
    assert browser.cookie not in str(error)
    sees_ann_within_the_limit(browser)


def sees_ann_within_the_limit(browser: Browser) -> None:
    """Visits until the server answered in time, which on a busy machine may take more than one attempt."""
    until = time.monotonic() + LONG
    while (answer := browser.visit(see("user"))).body != "'ann'":
        assert answer.status == 503
        assert time.monotonic() < until


def test_a_dead_server_gives_one_clear_error_and_the_site_recovers(
    fragile: Site, own_server: RedisServer
) -> None:
    browser = fragile.browser()
    browser.visit(put(user="ann"))
    own_server.stop()
    answer = browser.visit(see("user"))
    assert answer.status == 503
    assert answer.set_cookie is None
    (error,) = fragile.app.extensions["errors"]
    assert isinstance(error, exceptions.StoreUnreachable)
    own_server.start()
    assert browser.visit(see("user")).body == "None"
    browser.visit(put(user="bob"))
    assert browser.visit(see("user")).body == "'bob'"


def test_a_write_to_a_dead_server_is_one_error_and_not_a_lost_write(
    fragile: Site, own_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    own_server.stop()
    browser = fragile.browser()
    with caplog.at_level(logging.WARNING):
        answer = browser.visit(put(user="ann"))
    assert answer.status in (500, 503)
    assert answer.set_cookie is None
    # One: saving is not tried a second time for the page that says so.
    (line,) = caplog.records
    assert line.exc_info is not None
    assert isinstance(line.exc_info[1], exceptions.StoreUnreachable)
    own_server.start()
    assert browser.visit(put(user="ann")).status == 200
    assert browser.visit(see("user")).body == "'ann'"


def test_a_server_that_takes_no_more_data_refuses_the_write_and_keeps_the_session(
    fragile: Site, own_server: RedisServer
) -> None:
    browser = fragile.browser()
    browser.visit(put(user="ann"))
    own_server.client().config_set("maxmemory", "1")
    answer = browser.visit(put(more=1))
    assert answer.status in (500, 503)
    assert answer.set_cookie is None
    own_server.client().config_set("maxmemory", "0")
    assert browser.visit(see_all).body == "{'user': 'ann'}"
    assert browser.visit(put(more=2)).status == 200
    assert browser.visit(see_all).body == "{'more': 2, 'user': 'ann'}"


def test_a_server_that_forgot_its_scripts_is_told_them_again(fragile: Site, own_server: RedisServer) -> None:
    browser = fragile.browser()
    browser.visit(put(user="ann"))
    browser.visit(put(user="bob"))
    own_server.client().script_flush()
    with browser.slow(put(slow=1), nothing) as slow:
        browser.visit(put(fast=2))
    assert slow.answer.status == 200
    assert browser.visit(see_all).body == "{'fast': 2, 'slow': 1, 'user': 'bob'}"


def test_connections_that_the_server_closed_are_made_anew(fragile: Site, own_server: RedisServer) -> None:
    browser = fragile.browser()
    browser.visit(put(user="ann"))
    for view in (see("user"), put(user="bob"), put(text="x" * 9000), see("user")):
        own_server.client().client_kill_filter(_type="normal", skipme=True)
        assert browser.visit(view).status == 200
    assert not fragile.app.extensions["errors"]
    assert browser.visit(see("user")).body == "'bob'"


def damage(site: Site, store: dict[str, Any], sid: str) -> None:
    """Overwrites the content of a stored session by something that is none."""
    if "SESSION_FILE_DIR" not in store:
        with site.app.app_context():
            site.app.session_interface._needed_store().put(f"session:{sid}", b"\xc1 damaged", 500)  # type: ignore[attr-defined]
        return
    for directory, _, names in os.walk(store["SESSION_FILE_DIR"]):
        for path in (Path(directory) / name for name in names):
            content = path.read_bytes()
            path.write_bytes(content[:-12] + b"\xc1 damaged\xc1\xc1\xc1" if len(content) > 12 else b"\xc1")


def test_a_damaged_record_costs_one_fresh_session_and_one_log_line(
    site: Site, store: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    browser = site.browser()
    browser.visit(put(user="ann", text="x" * 50))
    old = browser.cookie
    assert old is not None
    damage(site, store, old)
    with caplog.at_level(logging.WARNING):
        answers = [browser.visit(see_all), browser.visit(see_all), browser.visit(put(user="bob"))]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert [answer.body for answer in answers] == ["{}", "{}", "None"]
    (line,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert old not in line.getMessage()
    assert browser.cookie not in (None, old)
    assert browser.visit(see("user")).body == "'bob'"


def test_a_user_with_only_get_set_and_del_works_and_is_warned_once(
    open_site: Callable[..., Site], redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    redis_server.client().acl_setuser(
        "small",
        enabled=True,
        reset=True,
        passwords=["+secret"],
        keys=["*"],
        commands=["+get", "+set", "+del"],
    )
    client = redis_server.client(username="small", password="secret")
    with caplog.at_level(logging.WARNING):
        site = open_site(SESSION_TYPE="redis", SESSION_REDIS=client)
        browser = site.browser()
        answers = [
            browser.visit(put(user="ann")),
            browser.visit(put(more=1)),
            browser.visit(see("user")),
            browser.visit(put(more=2)),
            browser.visit(put(text="x" * 9000)),
            browser.visit(put(text="y" * 9000)),
            browser.visit(see("more")),
        ]
    assert [answer.status for answer in answers] == [200] * len(answers)
    assert answers[2].body == "'ann'"
    assert answers[-1].body == "2"
    assert site.app.session_interface.guarantee == "overwrite"  # type: ignore[attr-defined]
    assert len(caplog.records) == 1, [record.getMessage() for record in caplog.records]
    assert "secret" not in caplog.text


def test_a_site_whose_users_may_do_everything_merges(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        site.browser().visit(put(user="ann"))
    assert site.app.session_interface.guarantee == "merge"  # type: ignore[attr-defined]
    assert not caplog.records
