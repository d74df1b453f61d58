"""The session cookie is written as Werkzeug writes it, to the letter."""

from __future__ import annotations

import inspect
import itertools
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest
from werkzeug.wrappers import Response

from flask_session.set_cookie import set_cookie, vary_by_cookie

SID = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk"
MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=timezone.utc)

VALUES = [SID, f"{SID}.tPRGzVB8DLZJGx5cT8kOMum0fsQ", "short", 'quoted "text"; and more', "a b", "caf\u00e9"]
EXPIRES = [
    None,
    MOMENT,
    MOMENT.astimezone(timezone(timedelta(hours=5))),
    MOMENT.replace(tzinfo=None),
    1_800_000_000,
    "Thu, 01 Jan 1970 00:00:00 GMT",
]
ATTRIBUTES: list[dict[str, Any]] = [
    {"domain": domain, "path": path, "httponly": httponly, "secure": secure, "samesite": samesite}
    for domain, path, httponly, secure, samesite in itertools.product(
        [None, "example.org", ".example.org", "m\u00fcller.example"],
        ["/", None, "/a b;c"],
        [True, False],
        [True, False, 1],
        [None, "Lax", "strict"],
    )
]
if "partitioned" in inspect.signature(Response.set_cookie).parameters:
    ATTRIBUTES.append({"domain": None, "path": "/", "httponly": True, "secure": True, "partitioned": True})


def by_werkzeug(name: str, value: str, expires: Any, attributes: dict[str, Any]) -> list[str]:
    response = Response()
    response.set_cookie(key=name, value=value, expires=expires, **attributes)
    return response.headers.getlist("Set-Cookie")


@pytest.mark.parametrize("expires", EXPIRES, ids=repr)
@pytest.mark.parametrize("value", VALUES)
def test_the_cookie_is_werkzeugs_to_the_letter(value: str, expires: Any) -> None:
    for attributes in ATTRIBUTES:
        for name in ("session", "__Host-sid", "the-value-of-the-cookie"):
            response = Response()
            set_cookie(response, name, value, expires, attributes)
            written = response.headers.getlist("Set-Cookie")
            assert written == by_werkzeug(name, value, expires, attributes)


def test_a_wrong_samesite_is_werkzeugs_error() -> None:
    with pytest.raises(ValueError, match="SameSite"):
        set_cookie(Response(), "session", SID, None, {"samesite": "sometimes"})


def test_a_responses_own_set_cookie_is_called() -> None:
    class Own(Response):
        calls: list[dict[str, Any]] = []  # noqa: RUF012

        def set_cookie(self, **keywords: Any) -> None:  # type: ignore[override]
            self.calls.append(keywords)

    set_cookie(Own(), "session", SID, None, {"path": "/"})
    assert Own.calls == [{"key": "session", "value": SID, "expires": None, "path": "/"}]

    patched = Response()
    patched.set_cookie = lambda **keywords: None  # type: ignore[method-assign,assignment]
    set_cookie(patched, "session", SID, None, {"path": "/"})
    assert "Set-Cookie" not in patched.headers


@pytest.mark.parametrize(
    "present",
    [
        *([("Vary", value)] for value in ("Cookie", "cookie", "Accept", "Accept, Cookie", "*")),
        [],
        [("vARY", "Accept"), ("Accept", "Cookie")],
        [("Content-Type", "Vary"), ("Vary", "Accept"), ("Vary", "Cookie")],
        [("Vary", "Cookie"), ("Vary", "Accept")],
        [("Vary\udc80", "Cookie"), ("Vary", "Accept")],
    ],
)
def test_vary_is_werkzeugs_to_the_letter(present: list[tuple[str, str]]) -> None:
    ours, theirs = Response(), Response()
    for response in (ours, theirs):
        response.headers.extend(present)
    vary_by_cookie(ours)
    vary_by_cookie(ours)
    theirs.vary.add("Cookie")
    assert list(ours.headers) == list(theirs.headers)


def test_another_response_may_have_its_set_cookie_on_the_object() -> None:
    other = mock.Mock(spec=["set_cookie"])
    set_cookie(other, "session", SID, None, {"path": "/"})
    other.set_cookie.assert_called_once_with(key="session", value=SID, expires=None, path="/")


def test_another_response_needs_vary_only() -> None:
    class Other:
        vary: set[str] = set()  # noqa: RUF012

    vary_by_cookie(Other())
    assert Other.vary == {"Cookie"}


def test_a_method_of_another_response_is_called() -> None:
    response, other = Response(), Response()
    response.set_cookie = other.set_cookie  # type: ignore[method-assign]
    set_cookie(response, "session", SID, None, ATTRIBUTES[0])
    assert "Set-Cookie" not in response.headers
    assert SID in other.headers["Set-Cookie"]
