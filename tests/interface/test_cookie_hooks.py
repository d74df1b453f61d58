"""The kept text of the session cookie follows every hook and every setting at once."""

from __future__ import annotations

import gc
import weakref
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import flask
import pytest
from flask.sessions import SessionInterface
from werkzeug.http import dump_cookie, parse_date

from memory_sessions import MemorySessionInterface, application, opened, saved, stored

ENTRIES = {"_permanent": True, "cart": ["tea"]}
NOW = datetime(2031, 2, 3, 4, 5, 6, tzinfo=timezone.utc)


def cookie(app: flask.Flask) -> str:
    """The Set-Cookie of a request that changes its session, without its date."""
    session = opened(app, "a-stored-session")
    session["cart"].append("milk")
    text = saved(app, session).headers.get("Set-Cookie", "")
    return "; ".join(part for part in text.split("; ") if not part.startswith("Expires="))


def answering() -> flask.Flask:
    app = application()
    stored(app, ENTRIES)
    assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/"
    return app


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("SESSION_COOKIE_SECURE", True, "session=a-stored-session; Secure; HttpOnly; Path=/"),
        # Written as Secure or as Secure=1, as that Werkzeug does it.
        ("SESSION_COOKIE_SECURE", 1, dump_cookie("session", "a-stored-session", secure=1, httponly=True)),  # type: ignore[arg-type]
        ("SESSION_COOKIE_HTTPONLY", False, "session=a-stored-session; Path=/"),
        ("SESSION_COOKIE_PATH", "/shop", "session=a-stored-session; HttpOnly; Path=/shop"),
        ("APPLICATION_ROOT", "/app", "session=a-stored-session; HttpOnly; Path=/app"),
        ("SESSION_COOKIE_SAMESITE", "Lax", "session=a-stored-session; HttpOnly; Path=/; SameSite=Lax"),
        (
            "SESSION_COOKIE_DOMAIN",
            "example.org",
            "session=a-stored-session; Domain=example.org; HttpOnly; Path=/",
        ),
    ],
)
def test_a_setting_counts_from_the_next_request_on(setting: str, value: Any, expected: str) -> None:
    app = answering()
    before = app.config[setting]
    app.config[setting] = value
    assert cookie(app) == expected
    app.config[setting] = before
    assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/"


def test_a_setting_that_equals_the_one_before_counts_all_the_same() -> None:
    app = answering()
    for secure in (True, 1, True):
        app.config["SESSION_COOKIE_SECURE"] = secure
        assert cookie(app) == dump_cookie("session", "a-stored-session", secure=secure, httponly=True)


def test_a_setting_that_is_gone_is_flasks_error() -> None:
    app = answering()
    assert app.config.pop("SESSION_COOKIE_PATH", None) is None
    with pytest.raises(KeyError, match="SESSION_COOKIE_PATH"):
        cookie(app)


def test_a_renamed_cookie_is_written_under_its_name() -> None:
    app = answering()
    session = opened(app, "a-stored-session")
    session["cart"].append("milk")
    app.config["SESSION_COOKIE_NAME"] = "sid"
    assert saved(app, session).headers["Set-Cookie"].startswith("sid=a-stored-session; Expires=")


@pytest.mark.parametrize("where", ["instance", "class", "flask"])
def test_a_hook_counts_from_the_next_request_on(where: str) -> None:
    app = answering()
    target: Any = {
        "instance": app.session_interface,
        "class": MemorySessionInterface,
        "flask": SessionInterface,
    }[where]
    with mock.patch.object(target, "get_cookie_path", return_value="/patched"):
        assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/patched"
    with mock.patch.object(target, "should_set_cookie", return_value=False):
        assert cookie(app) == ""
    with mock.patch.object(target, "get_expiration_time", return_value=NOW):
        assert "Expires=Mon, 03 Feb 2031 04:05:06 GMT" in saved(app, changed(app)).headers["Set-Cookie"]
    assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/"


def changed(app: flask.Flask) -> Any:
    session = opened(app, "a-stored-session")
    session["cart"].append("bread")
    return session


def test_without_the_capability_there_is_no_samesite() -> None:
    app = answering()
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    assert "SameSite=Lax" in cookie(app)
    app.session_interface.has_same_site_capability = False  # type: ignore[attr-defined]
    assert "SameSite" not in cookie(app)


def test_the_date_is_flasks() -> None:
    app = answering()
    interface = app.session_interface
    app.permanent_session_lifetime = timedelta(days=3, seconds=7)
    session = changed(app)
    earliest = interface.get_expiration_time(app, session)
    response = saved(app, session)
    latest = interface.get_expiration_time(app, session)
    assert earliest is not None
    assert latest is not None
    (date,) = (
        part.removeprefix("Expires=")
        for part in response.headers["Set-Cookie"].split("; ")
        if part.startswith("Expires=")
    )
    expires = parse_date(date)
    assert expires is not None
    assert earliest.replace(microsecond=0) <= expires <= latest


def test_a_session_for_the_browsers_life_has_no_date() -> None:
    app = answering()
    session = changed(app)
    session.permanent = False
    assert saved(app, session).headers["Set-Cookie"] == "session=a-stored-session; HttpOnly; Path=/"


def test_an_application_with_its_own_kind_of_configuration_is_asked_through_it() -> None:
    class Tenants(flask.Config):
        path = "/one"

        def __getitem__(self, key: str) -> Any:
            return self.path if key == "SESSION_COOKIE_PATH" else super().__getitem__(key)

    class Own(flask.Flask):
        config_class = Tenants

    app = Own("own")
    app.session_interface = MemorySessionInterface(app)
    stored(app, ENTRIES)
    assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/one"
    Tenants.path = "/other"
    assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/other"


def test_a_configuration_of_another_kind_counts_from_the_next_request_on() -> None:
    class Own(flask.Config):
        def __getitem__(self, key: str) -> Any:
            return "/own" if key == "SESSION_COOKIE_PATH" else super().__getitem__(key)

    app = answering()
    app.config = Own(app.root_path, app.config)
    assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/own"


def test_an_application_with_its_own_kind_of_configuration_can_be_forgotten() -> None:
    class Own(flask.Config):
        app: flask.Flask

    app = answering()
    app.config = Own(app.root_path, app.config)
    Own.app = app
    assert cookie(app) == "session=a-stored-session; HttpOnly; Path=/"
    kept = weakref.ref(app)
    del app, Own
    gc.collect()
    assert kept() is None


def test_a_line_break_in_a_setting_is_werkzeugs_error() -> None:
    app = answering()
    app.config["SESSION_COOKIE_NAME"] = "session"
    with (
        mock.patch.object(app.session_interface, "get_cookie_name", return_value="a\r\nSet-Cookie: b=c\r\nd"),
        pytest.raises(ValueError, match="newline"),
    ):
        saved(app, new(app))
    session = new(app)
    app.config["SESSION_COOKIE_NAME"] = "a\r\nSet-Cookie: b=c\r\nd"
    with pytest.raises(ValueError, match="newline"):
        saved(app, session)


def new(app: flask.Flask) -> Any:
    session = opened(app, None)
    session["a"] = 1
    return session
