"""Which cookies are believed."""

from __future__ import annotations

from typing import Any

import pytest
from itsdangerous import Signer

from flask_session import SessionMisconfigured
from memory_sessions import application, opened, opened_with, operations, saved, stored

ENTRIES = {"_permanent": True, "name": "Ada"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "a b c d e f g h",
        "../../../etc/passwd",
        "x" * 251,
        "séssion-sid",
        "sid\tsidsidsid",
        '"quoted sid"',
    ],
)
def test_what_cannot_be_an_id_never_reaches_the_store(text: str) -> None:
    app = application()
    session = opened_with(app, f"session={text}".encode().decode("latin-1"))
    session["a"] = 1
    assert session.sid != text
    assert operations(app) == []


def test_the_first_cookie_of_that_name_which_is_known_counts() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session = opened_with(
        app, f"other=1; session=unknown-session-id;session= {sid} ; session=another-unknown"
    )
    assert session["name"] == "Ada"
    assert session.sid == sid


def test_only_three_cookies_of_a_name_are_tried() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session = opened_with(
        app, "; ".join([f"session=unknown-session-{n}" for n in range(3)] + [f"session={sid}"])
    )
    assert not session
    assert operations(app) == ["load and refresh"] * 3


def test_a_nameless_cookie_is_nobodys() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    assert not opened_with(app, f"=session={sid}; notsession={sid}; session.={sid}")
    assert operations(app) == []


def test_a_quoted_cookie_is_read() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    assert opened_with(app, f'other="a;b"; session="{sid}"')["name"] == "Ada"


def signed(sid: str, key: str) -> str:
    return Signer(key, salt="flask-session", key_derivation="hmac").sign(sid).decode()


def test_a_signed_cookie_is_what_flask_session_writes() -> None:
    app = application(use_signer=True, SECRET_KEY="k")
    sid = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk"
    expected = f"{sid}.tPRGzVB8DLZJGx5cT8kOMum0fsQ"
    interface: Any = app.session_interface
    assert interface._sign(app, sid) == expected == signed(sid, "k")
    assert interface._unsign(app, expected) == sid
    assert interface._get_signer(app).sign(sid).decode() == expected
    stored(app, ENTRIES, sid)
    assert opened(app, expected)["name"] == "Ada"
    assert not opened(app, sid)
    assert not opened(app, expected[:-1] + "A")


def test_older_keys_verify_and_the_current_one_signs() -> None:
    app = application(use_signer=True, SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "oldest"])
    sid = stored(app, ENTRIES)
    for key in ("new", "older", "oldest"):
        session = opened(app, signed(sid, key))
        assert session["name"] == "Ada"
        session["seen"] = key
        assert saved(app, session).headers["Set-Cookie"].startswith(f"session={signed(sid, 'new')};")
    assert not opened(app, signed(sid, "foreign"))


@pytest.mark.shows("the-signer-can-be-switched")
def test_ids_that_were_signed_are_accepted_after_the_signer_was_switched_off() -> None:
    app = application(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"])
    sid = stored(app, ENTRIES)
    for key in ("new", "old"):
        session = opened(app, signed(sid, key))
        assert session["name"] == "Ada"
        session["seen"] = key
        assert saved(app, session).headers["Set-Cookie"].startswith(f"session={sid};")
    operations(app)
    assert not opened(app, signed(sid, "foreign"))
    assert operations(app) == []


@pytest.mark.parametrize("config", [{}, {"SECRET_KEY": "k", "SECRET_KEY_FALLBACKS": "text"}])
def test_without_keys_a_signed_id_is_none_and_no_error(config: dict[str, Any]) -> None:
    app = application(**config)
    assert not opened(app, signed(stored(app, ENTRIES), "k"))


def test_unsigned_ids_are_accepted_after_the_signer_was_switched_on_only_if_told() -> None:
    app = application(use_signer=True, SECRET_KEY="k", SESSION_ACCEPT_UNSIGNED=True)
    sid = stored(app, ENTRIES)
    for cookie in (sid, signed(sid, "k")):
        session = opened(app, cookie)
        assert session["name"] == "Ada"
        session["seen"] = cookie
        assert saved(app, session).headers["Set-Cookie"].startswith(f"session={signed(sid, 'k')};")
    for forged in (signed(sid, "foreign"), f"{sid}.", f"{sid}.x"):
        assert not opened(app, forged)


def test_keys_are_read_anew_when_the_application_changes_them() -> None:
    app = application(use_signer=True, SECRET_KEY="one")
    interface: Any = app.session_interface
    first = interface._sign(app, "some-session")
    app.secret_key = "two"
    assert interface._sign(app, "some-session") != first


def test_an_id_that_another_process_has_assigned_and_signed_is_believed() -> None:
    app = application(use_signer=True, SECRET_KEY="k")
    sid = stored(app, ENTRIES, sid="user:1/one")
    assert opened(app, signed(sid, "k"))["name"] == "Ada"
    assert not opened(app, signed(sid, "foreign"))


def test_an_own_signer_is_used() -> None:
    app = application(use_signer=True, SECRET_KEY="k")
    interface: Any = app.session_interface
    interface._get_signer = lambda app: Signer("other", salt="own")
    sid = stored(app, ENTRIES)
    cookie = Signer("other", salt="own").sign(sid).decode()
    assert interface._sign(app, sid) == cookie
    assert opened(app, cookie)["name"] == "Ada"
    assert not opened(app, signed(sid, "k"))


def test_signing_without_a_key_is_an_error_that_says_so() -> None:
    app = application(use_signer=True)
    session = opened(app, None)
    session["a"] = 1
    with pytest.raises(SessionMisconfigured, match="SECRET_KEY"):
        saved(app, session)


def test_text_as_fallbacks_is_refused() -> None:
    app = application(use_signer=True, SECRET_KEY="k", SECRET_KEY_FALLBACKS="older")
    with pytest.raises(SessionMisconfigured, match="SECRET_KEY_FALLBACKS"):
        opened(app, signed("some-session", "k"))
