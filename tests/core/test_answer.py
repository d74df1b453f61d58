"""What answers a request: the lifetime of sessions, the date of the cookie, the headers."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from inspect import getattr_static
from typing import Any
from unittest import mock

import flask
import pytest
from flask import sessions
from werkzeug.datastructures import Headers
from werkzeug.http import http_date
from werkzeug.wrappers import Response

from flask_session._core import Answer, Lifetime, Template
from flask_session.lifetime import LIFETIME
from flask_session.set_cookie import WRITER, set_cookie, vary_by_cookie
from memory_sessions import application

NAME, SETTING = "permanent_session_lifetime", "PERMANENT_SESSION_LIFETIME"
YEAR_10000 = 253_402_300_800
SID = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk"


def lifetime_of(app: flask.Flask) -> float:
    """What a new Lifetime says, and the one of this process, whose usual class may be another."""
    fresh = Lifetime(getattr_static(flask.Flask, NAME))
    said = {each.total_seconds(app) for each in (fresh, fresh, LIFETIME)}
    assert len(said) == 1
    return said.pop()


@pytest.mark.parametrize(
    "value",
    [
        timedelta(days=31),
        timedelta(days=-2, seconds=5),
        timedelta(milliseconds=1500),
        timedelta(microseconds=1),
        timedelta.max,
        3600,
        type("Longer", (timedelta,), {"total_seconds": lambda self: 7.5})(seconds=1),
    ],
    ids=repr,
)
def test_a_lifetime_is_the_applications(value: Any) -> None:
    app = flask.Flask("app")
    app.config[SETTING] = value
    assert lifetime_of(app) == app.permanent_session_lifetime.total_seconds()


def test_a_time_to_live_is_whole_seconds_and_at_least_one() -> None:
    app = flask.Flask("app")
    found = []
    for milliseconds in (-5000, 0, 999, 1999, 2000):
        app.config[SETTING] = timedelta(milliseconds=milliseconds)
        found.append(LIFETIME.seconds(app))
    assert found == [1, 1, 1, 1, 2]


def test_a_lifetime_that_an_application_works_out_is_asked_for() -> None:
    class Own(flask.Flask):
        pass

    class Derived(Own):
        pass

    app = Derived("derived")
    lifetime = Lifetime(getattr_static(flask.Flask, NAME))
    month = timedelta(days=31).total_seconds()
    assert lifetime.total_seconds(app) == month
    holder = next(each for each in flask.Flask.__mro__ if NAME in vars(each))
    for owner in (Derived, Own, flask.Flask, holder):
        with mock.patch.object(owner, NAME, property(lambda self: timedelta(seconds=3))):
            assert lifetime.total_seconds(app) == 3, owner
        assert lifetime.total_seconds(app) == month


def test_a_lifetime_is_asked_for_where_the_class_answers_for_all_its_attributes() -> None:
    class Own(flask.Flask):
        def __getattribute__(self, name: str) -> Any:
            return timedelta(seconds=3) if name == NAME else super().__getattribute__(name)

    assert lifetime_of(Own("own")) == 3


def test_a_lifetime_is_asked_for_from_when_a_class_gets_other_bases_or_answers_itself() -> None:
    class Own(flask.Flask):
        pass

    class Derived(Own):
        pass

    class Other(flask.Flask):
        permanent_session_lifetime = property(lambda self: timedelta(seconds=3))  # type: ignore[assignment]

    def answered(self: Any, name: str) -> Any:
        return timedelta(seconds=4) if name == NAME else object.__getattribute__(self, name)

    app = Derived("derived")
    lifetime = Lifetime(getattr_static(flask.Flask, NAME))
    month = lifetime.total_seconds(app)
    for changed in (Derived, Own):
        bases = changed.__bases__
        changed.__bases__ = (Other,)
        assert lifetime.total_seconds(app) == 3, changed
        changed.__bases__ = bases
        assert lifetime.total_seconds(app) == month
        with mock.patch.object(changed, "__getattribute__", answered):
            assert lifetime.total_seconds(app) == 4, changed
        assert lifetime.total_seconds(app) == month


def test_a_lifetime_is_read_through_an_applications_own_configuration() -> None:
    class Config(flask.Config):
        def __getitem__(self, key: str) -> Any:
            return timedelta(seconds=3) if key == SETTING else super().__getitem__(key)

    class Own(flask.Flask):
        config_class = Config

    assert lifetime_of(Own("own")) == 3


def test_a_lifetime_that_is_none_of_ours_is_asked_for() -> None:
    class Other:
        config = {SETTING: timedelta(seconds=1)}  # noqa: RUF012
        permanent_session_lifetime = timedelta(seconds=3)

    assert LIFETIME.total_seconds(Other()) == 3  # type: ignore[arg-type]


def written(now: float, lifetime: timedelta, names: dict[str, Any] | None = None) -> str | None:
    """The Set-Cookie for a permanent session at that time, or None if it is left to the hooks."""
    app, response = application(), Response()
    app.permanent_session_lifetime = lifetime
    answer = Answer(WRITER, LIFETIME, lambda: now, vars(sessions) if names is None else names)
    if not answer.write(app.session_interface, app, SID, True, response, False):  # type: ignore[arg-type]
        assert "Set-Cookie" not in response.headers
        return None
    assert response.headers["Vary"] == "Cookie"
    return response.headers["Set-Cookie"]


@pytest.mark.parametrize("second", [0, 951_782_399, 951_782_400, 1_800_000_000, YEAR_10000 - 1])
def test_a_cookies_date_is_werkzeugs(second: int) -> None:
    expected = f"session={SID}; Expires={http_date(second)}; HttpOnly; Path=/"
    assert written(second - 60, timedelta(seconds=60)) == expected
    assert written(second - 60.25, timedelta(seconds=61, milliseconds=100)) == expected


def test_the_dates_of_many_moments_are_werkzeugs() -> None:
    app, moments = application(), random.Random(5)
    app.permanent_session_lifetime = timedelta()
    now = 0.0
    answer = Answer(WRITER, LIFETIME, lambda: now, vars(sessions))
    for _ in range(5000):
        now, response = moments.uniform(0, moments.choice([2**32, YEAR_10000])), Response()
        assert answer.write(app.session_interface, app, SID, True, response, True)  # type: ignore[arg-type]
        assert f"Expires={http_date(int(now))};" in response.headers["Set-Cookie"], now


def test_what_has_no_date_is_left_to_the_hooks() -> None:
    assert written(YEAR_10000 - 60, timedelta(seconds=60)) is None
    assert written(0, timedelta(days=-1)) is None


def test_an_answer_writes_each_seconds_own_date() -> None:
    app, times = application(), iter([100.0, 100.9, 101.0, 100.0])
    answer = Answer(WRITER, LIFETIME, lambda: next(times), vars(sessions))
    app.permanent_session_lifetime = timedelta()
    for second in (100, 100, 101, 100):
        response = Response()
        assert answer.write(app.session_interface, app, SID, True, response, False)  # type: ignore[arg-type]
        assert f"Expires={http_date(second)};" in response.headers["Set-Cookie"]


def test_dates_of_a_class_that_an_application_has_put_into_flask_are_left_to_the_hooks() -> None:
    lifetime, names = timedelta(seconds=1), dict(vars(sessions))
    answer = Answer(WRITER, LIFETIME, lambda: 1.0, names)
    app = application()
    app.permanent_session_lifetime = lifetime
    arguments: Any = (app.session_interface, app, SID, True)
    assert answer.write(*arguments, Response(), False)
    names["datetime"] = type("Frozen", (datetime,), {})
    assert not answer.write(*arguments, Response(), False)
    # Also if that was before we were imported, and afterwards isn't so.
    answer = Answer(WRITER, LIFETIME, lambda: 1.0, names)
    assert not answer.write(*arguments, Response(), False)
    names["datetime"] = datetime
    assert answer.write(*arguments, Response(), False)


@pytest.mark.parametrize("varied", [True, False])
def test_vary_is_written_unless_it_is_there(varied: bool) -> None:
    app, response = application(), Response()
    answer = Answer(WRITER, LIFETIME, lambda: 1.0, vars(sessions))
    assert answer.write(app.session_interface, app, SID, False, response, varied)  # type: ignore[arg-type]
    assert response.headers.getlist("Vary") == ([] if varied else ["Cookie"])
    assert response.headers["Set-Cookie"] == f"session={SID}; HttpOnly; Path=/"


def test_a_response_with_a_vary_of_its_own_gets_the_cookie_and_is_asked() -> None:
    class Own(Response):
        vary: set[str] = set()  # type: ignore[assignment]  # noqa: RUF012

    app, response = application(), Own()
    answer = Answer(WRITER, LIFETIME, lambda: 1.0, vars(sessions))
    assert answer.write(app.session_interface, app, SID, False, response, False)  # type: ignore[arg-type]
    assert Own.vary == {"Cookie"}
    assert "Vary" not in response.headers
    assert SID in response.headers["Set-Cookie"]


def test_what_werkzeug_writes_cookies_with_may_be_replaced() -> None:
    response = Response()
    with mock.patch("werkzeug.sansio.response.dump_cookie", return_value="a=theirs"):
        assert not WRITER.takes(response, SID)
        set_cookie(response, "a", SID, None, {"path": "/"})
    assert response.headers["Set-Cookie"] == "a=theirs"
    assert WRITER.takes(response, SID)


def test_a_template_is_filled_in() -> None:
    response = Response()
    WRITER.add(response, Template("a=", "; Expires=", "; Path=/"), "1", "now")
    WRITER.add(response, Template("a=", "; Path=/", ""), "1", "")
    assert response.headers.getlist("Set-Cookie") == ["a=1; Expires=now; Path=/", "a=1; Path=/"]


def test_headers_that_an_application_has_replaced_are_asked() -> None:
    added: list[tuple[str, str]] = []

    class Own(Headers):
        def add(self, key: str, value: str) -> None:  # type: ignore[override]
            added.append((key, value))
            super().add(key, value)

    template = Template("a=", "", "")
    response = Response()
    response.headers = Own()
    WRITER.add(response, template, "1", "")
    assert added == [("Set-Cookie", "a=1")]
    vary_by_cookie(response)
    assert response.headers["Vary"] == "Cookie"

    response = Response()
    with mock.patch.object(Headers, "add", autospec=True) as add:
        WRITER.add(response, template, "1", "")
        add.assert_called_once_with(response.headers, "Set-Cookie", "a=1")


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (SID, True),
        (f"{SID}.tPRGzVB8DLZJGx5cT8kOMum0fsQ", True),
        ("a" * 250, True),
        ("", False),
        ("a" * 251, False),
        ("a b", False),
        ("a;b", False),
        ('a"b', False),
        ("a\r\nb", False),
        ("caf\u00e9", False),
        ("a\udc80", False),
        (type("Text", (str,), {})("abc"), False),
        (None, False),
    ],
)
def test_a_value_that_needs_no_quotes_is_taken(value: Any, taken: bool) -> None:
    assert WRITER.takes(Response(), value) is taken
    assert not WRITER.takes(object(), value)
