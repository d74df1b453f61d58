"""SESSION_ON_STORE_FAILURE, and the breaker: what a store that doesn't answer costs, and what users see."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from actions import log_out, nothing, put, see, see_all
from flask import session

from flask_session import StoreFailure, StoreTimedOut, StoreUnreachable
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from site_under_test import Browser, Site

PAGE = Path(__file__).parents[2] / "docs" / "failures.md"
TIMEOUT = 0.3
LIMIT = 120.0


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server that this test may stop."""
    server = RedisServer().start()
    yield server
    server.stop()


# With "hooks" the session is opened before the view, where Flask knows handlers for error 500 only.
WITHOUT_HOOKS = pytest.mark.parametrize("fragile", ["native", "python_client"], indirect=True)


@pytest.fixture(params=["native", "python_client", "hooks"])
def fragile(
    request: pytest.FixtureRequest, open_site: Callable[..., Site], server: RedisServer
) -> Callable[[str], Site]:
    """Opens a site with a short time limit and the given policy, which answers StoreFailure by 503."""

    def open_one(policy: str) -> Site:
        client: Any = redis.Redis(
            port=server.port, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=None
        )
        site = open_site(
            SESSION_TYPE="redis",
            SESSION_REDIS=client,
            SESSION_NATIVE=request.param == "native",
            SESSION_ON_STORE_FAILURE=policy,
            SESSION_TOUCH_INTERVAL=0,
        )
        errors: list[Exception] = []
        site.app.extensions["errors"] = errors

        @site.app.errorhandler(StoreFailure)
        def sorry(error: Exception) -> tuple[str, int]:
            errors.append(error)
            return "the session store is not available", 503

        interface: Any = site.app.session_interface
        if request.param == "hooks":
            original = interface._retrieve_session_data
            interface._retrieve_session_data = lambda store_id: original(store_id)
        return site

    return open_one


def stores_ann(site: Site, browser: Browser, **more: str) -> None:
    """Visits until a busy machine keeps to the short time limit; what went wrong on the way is forgotten."""
    deadline = time.monotonic() + LIMIT
    while browser.visit(put(user="ann", **more)).status != 200:
        assert time.monotonic() < deadline, "nothing was ever stored"
        time.sleep(0.05)
    site.app.extensions["errors"].clear()


def breaks(browser: Browser, errors: list[Exception]) -> None:
    """Visits until the store is left alone."""
    for _ in range(20):
        browser.visit(see("user"))
        if "not asked" in str(errors[-1]):
            return
    pytest.fail("the store was asked for ever")


def recovers(browser: Browser, expected: str) -> None:
    """Visits until the store is tried again."""
    deadline = time.monotonic() + LIMIT
    while browser.visit(see("user")).body != expected:
        assert time.monotonic() < deadline, "the store was never tried again"
        time.sleep(0.05)


@WITHOUT_HOOKS
def test_one_exception_type_serves_every_way_to_the_store(
    fragile: Callable[[str], Site], server: RedisServer
) -> None:
    site = fragile("raise")
    browser = site.browser()
    stores_ann(site, browser)
    with server.suspended():
        answer = browser.visit(see("user"))
    assert (answer.status, answer.set_cookie) == (503, None)
    (error,) = site.app.extensions["errors"]
    assert isinstance(error, StoreTimedOut)


@pytest.mark.parametrize("fragile", ["python_client"], indirect=True)
def test_a_handler_for_the_drivers_own_error_goes_on_working(
    fragile: Callable[[str], Site], server: RedisServer
) -> None:
    site = fragile("raise")
    site.app.register_error_handler(redis.exceptions.TimeoutError, lambda _: ("the driver's handler", 504))
    site.app.error_handler_spec[None][None].pop(StoreFailure)
    browser = site.browser()
    stores_ann(site, browser)
    with server.suspended():
        answer = browser.visit(see("user"))
    assert (answer.status, answer.body) == (504, "the driver's handler")


@WITHOUT_HOOKS
def test_a_store_that_does_not_answer_is_left_alone_and_tried_again(
    fragile: Callable[[str], Site], server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    site = fragile("raise")
    browser = site.browser()
    stores_ann(site, browser)
    errors = site.app.extensions["errors"]
    with server.suspended():
        breaks(browser, errors)
        assert [type(error).__name__ for error in errors[:3]] == ["StoreTimedOut"] * 3
        assert isinstance(errors[-1], StoreUnreachable)
    recovers(browser, "'ann'")
    assert [line for line in caplog.records if "not asked for some seconds" in line.getMessage()]


def test_where_the_policy_is_null_pages_go_on_without_a_session_and_nobody_is_logged_out(
    fragile: Callable[[str], Site], server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    site = fragile("null")
    browser = site.browser()
    stores_ann(site, browser, text="x")
    caplog.clear()
    cookie = browser.cookie
    with server.suspended(), caplog.at_level(logging.WARNING):
        for view in (see("user"), see_all, nothing, permanent_in_every_request):
            answer = browser.visit(view)
            assert (answer.status, answer.set_cookie) == (200, None), answer
            assert answer.body in ("None", "{}")
    (line,) = [line for line in caplog.records if "empty session" in line.getMessage()]
    assert cookie is not None
    assert cookie not in line.getMessage()
    assert not site.app.extensions["errors"]
    recovers(browser, "'ann'")
    assert browser.visit(see_all).body == "{'text': 'x', 'user': 'ann'}"


def permanent_in_every_request() -> None:
    """What many applications do in a ``before_request``."""
    session.permanent = True
    session.modified = True


@pytest.mark.parametrize(
    "change",
    [put(user="bob"), log_out, lambda: session.pop("user", None), lambda: session.setdefault("a", 1)],
)
def test_where_the_policy_is_null_a_change_is_refused_and_not_forgotten(
    fragile: Callable[[str], Site], server: RedisServer, change: Callable[[], None]
) -> None:
    site = fragile("null")
    browser = site.browser()
    stores_ann(site, browser)
    with server.suspended():
        answer = browser.visit(change)
    assert (answer.status, answer.set_cookie) == (503, None)
    (error,) = site.app.extensions["errors"]
    assert "can't be changed" in str(error)
    assert "SESSION_ON_STORE_FAILURE" in str(error)
    recovers(browser, "'ann'")


def test_where_the_policy_is_null_a_new_session_that_can_not_be_stored_is_still_an_error(
    fragile: Callable[[str], Site], server: RedisServer
) -> None:
    site = fragile("null")
    browser = site.browser()
    with server.suspended():
        assert browser.visit(see("user")).status == 200
        answer = browser.visit(put(user="ann"))
    assert answer.status in (500, 503)
    assert answer.set_cookie is None


def test_the_example_of_the_page_answers_in_its_own_words_while_the_store_is_gone(
    server: RedisServer,
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"__name__": "example"}
    exec(example.replace("redis://localhost:6379/0", server.url()), names)
    app = names["app"]
    app.add_url_rule("/name", view_func=lambda: session.update(name="ann") or "")
    client = app.test_client()
    client.get("/name")
    assert client.get("/").text == "Hello ann"
    server.stop()
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (503, "Please come back in a minute.")


def test_a_policy_that_is_none_is_refused(open_site: Callable[..., Site]) -> None:
    with pytest.raises(ValueError, match="SESSION_ON_STORE_FAILURE must be one of"):
        open_site(SESSION_TYPE="filesystem", SESSION_ON_STORE_FAILURE="ignore")
