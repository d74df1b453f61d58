"""How large, how full and how deep a session may be: to be stored, and to be read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from actions import put, see, see_all
from flask import session

from flask_session import SessionError, SessionTooLarge, SessionUnsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from site_under_test import Site

    from redis_server import RedisServer

SID = "A" * 43
KEYS = 65_538


@pytest.fixture(params=["native", "python_client", "hooks", "serializer"])
def limited(
    request: pytest.FixtureRequest, open_site: Callable[..., Site], redis_server: RedisServer
) -> Site:
    site = open_site(
        SESSION_TYPE="redis",
        SESSION_REDIS=redis_server.client(),
        SESSION_NATIVE=request.param == "native",
        SESSION_MAX_BYTES=1000,
    )
    interface: Any = site.app.session_interface
    if request.param == "hooks":
        original = interface._upsert_session
        interface._upsert_session = lambda *arguments: original(*arguments)
    elif request.param == "serializer":
        interface.serializer = Unlimited(interface.serializer.decode)
    return site


class Unlimited:
    """A serializer of an application's own."""

    def __init__(self, decode: Callable[[bytes], Any]) -> None:
        self.decode = decode

    def encode(self, data: Any) -> bytes:
        import msgspec

        return msgspec.msgpack.encode(dict(data))


def errors_of(site: Site) -> list[BaseException]:
    """What its requests raise from now on."""
    raised: list[BaseException] = []
    site.app.log_exception = lambda info: raised.append(info[1])  # type: ignore[method-assign]
    return raised


@pytest.mark.shows("sizes-have-a-limit")
def test_a_session_over_the_limit_is_an_error_and_the_old_one_stays(limited: Site) -> None:
    browser = limited.browser()
    assert browser.visit(put(user="ann")).status == 200
    raised = errors_of(limited)
    answer = browser.visit(put(user="secret", text="x" * 1000))
    assert (answer.status, answer.set_cookie) == (500, None)
    (error,) = raised
    assert isinstance(error, SessionTooLarge)
    assert isinstance(error, SessionError)
    message = str(error)
    assert "SESSION_MAX_BYTES allows 1000" in message
    assert "secret" not in message
    assert browser.cookie is not None
    assert browser.cookie not in message
    assert browser.visit(see_all).body == "{'user': 'ann'}"
    assert browser.visit(put(user="bob", text="x" * 900)).status == 200
    assert browser.visit(see("user")).body == "'bob'"


def test_a_session_that_holds_itself_is_an_error_and_the_old_one_stays(limited: Site) -> None:
    def ring() -> None:
        session["ring"] = {}
        session["ring"]["again"] = [session["ring"]]

    browser = limited.browser()
    browser.visit(put(user="ann"))
    raised = errors_of(limited)
    assert browser.visit(ring).status == 500
    assert [type(error) for error in raised] in ([SessionUnsupported], [RecursionError])
    assert browser.visit(see_all).body == "{'user': 'ann'}"


UNREADABLE = {
    "msgpack too deep": lambda: b"\x81\xa1a" + b"\x91" * 1_000_000,
    "a key too deep": lambda: b"\x81\xa1a\x81" + b"\x91" * 1_000_000,
    "JSON too deep": lambda: b'{"a":' + b"[" * 1_000_000,
    "maps too deep": lambda: b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000,
    "a pickle too deep": lambda: b"\x80\x04}\x8c\x01a" + b"]" * 1_000_000 + b"a" * 999_999 + b"s.",
    "too many keys": lambda: (
        b"\xdf"
        + KEYS.to_bytes(4, "big")
        + b"".join(b"\xce" + key.to_bytes(4, "big") + b"\xc0" for key in range(KEYS))
    ),
    "too many keys in JSON": lambda: b"{%s}" % b",".join(b'"%d":0' % key for key in range(KEYS)),
    "too large": lambda: b"\x81\xa1a\xc6" + (64 << 20).to_bytes(4, "big") + bytes(64 << 20),
}


@pytest.mark.parametrize("why", UNREADABLE)
@pytest.mark.parametrize("native", [True, False])
def test_a_record_beyond_the_limits_costs_one_fresh_session(
    why: str,
    native: bool,
    open_site: Callable[..., Site],
    redis_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = redis_server.client()
    site = open_site(SESSION_TYPE="redis", SESSION_REDIS=client, SESSION_NATIVE=native)
    payload = UNREADABLE[why]()
    client.set(f"session:{SID}", payload)
    browser = site.browser(SID)
    with caplog.at_level(logging.WARNING):
        answer = browser.visit(see_all)
        assert (answer.status, answer.body) == (200, "{}")
        assert browser.visit(put(user="ann")).status == 200
    assert browser.cookie not in (None, SID)
    assert browser.visit(see("user")).body == "'ann'"
    assert len([record for record in caplog.records if "could not be read" in record.message]) == 1
    assert client.get(f"session:{SID}") == payload
    client.delete(f"session:{SID}")
