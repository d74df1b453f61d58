"""When a session is written, its life extended, its cookie set: nothing more than that."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import flask
import pytest

from flask_session import ServerSideSession, SessionUnsupported
from memory_sessions import MemorySessionInterface, application, opened, operations, saved, stored

ENTRIES = {"_permanent": True, "cart": ["tea"]}


def touched_recently(app: flask.Flask, sid: str) -> None:
    """Makes the process know that it has just extended this session's life."""
    app.session_interface._touched(app).note(sid, True)  # type: ignore[attr-defined]


def test_an_untouched_request_without_a_cookie_does_nothing() -> None:
    app = application()
    response = saved(app, opened(app, None))
    assert operations(app) == []
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers


def test_an_untouched_request_extends_the_life_once_per_interval() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    response = saved(app, opened(app, sid))
    assert operations(app) == ["load and refresh"]
    assert response.headers["Set-Cookie"].startswith(f"session={sid}; Expires=")
    assert response.headers["Vary"] == "Cookie"
    response = saved(app, opened(app, sid))
    assert operations(app) == []
    assert "Set-Cookie" not in response.headers


def test_with_interval_0_each_untouched_request_sends_one_touch() -> None:
    app = application(SESSION_TOUCH_INTERVAL=0)
    sid = stored(app, ENTRIES)
    for expected in (["load and refresh"], ["touch"], ["touch"]):
        assert "Set-Cookie" in saved(app, opened(app, sid)).headers
        assert operations(app) == expected


def test_an_untouched_session_that_is_not_permanent_gets_no_cookie() -> None:
    app = application(SESSION_TOUCH_INTERVAL=0)
    sid = stored(app, {"cart": []})
    assert "Set-Cookie" not in saved(app, opened(app, sid)).headers
    assert "Set-Cookie" not in saved(app, opened(app, sid)).headers
    assert operations(app) == ["load and refresh", "touch"]


def test_an_untouched_session_that_is_gone_gets_no_cookie() -> None:
    app = application(SESSION_TOUCH_INTERVAL=0)
    sid = stored(app, ENTRIES)
    saved(app, opened(app, sid))
    app.session_interface.store.store.delete(f"session:{sid}")  # type: ignore[attr-defined]
    assert "Set-Cookie" not in saved(app, opened(app, sid)).headers


def test_without_refresh_an_untouched_request_sends_nothing_at_all() -> None:
    app = application(SESSION_REFRESH_EACH_REQUEST=False)
    response = saved(app, opened(app, stored(app, ENTRIES)))
    assert operations(app) == []
    assert "Set-Cookie" not in response.headers


def test_reading_within_the_interval_is_one_load() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    touched_recently(app, sid)
    session = opened(app, sid)
    assert session["cart"] == ["tea"]
    response = saved(app, session)
    assert operations(app) == ["load"]
    assert response.headers["Vary"] == "Cookie"
    assert "Set-Cookie" in response.headers


@pytest.mark.parametrize("refresh", [True, False])
def test_a_change_inside_a_value_is_saved(refresh: bool) -> None:
    app = application(SESSION_REFRESH_EACH_REQUEST=refresh)
    sid = stored(app, ENTRIES)
    session = opened(app, sid)
    session["cart"].append("milk")
    assert not session.modified
    assert "Set-Cookie" in saved(app, session).headers
    assert opened(app, sid)["cart"] == ["tea", "milk"]


def test_modified_false_by_hand_suppresses_the_save_only_without_refresh() -> None:
    for refresh, kept in ((False, ["tea"]), (True, ["coffee"])):
        app = application(SESSION_REFRESH_EACH_REQUEST=refresh)
        sid = stored(app, ENTRIES)
        session = opened(app, sid)
        session["cart"] = ["coffee"]
        session.modified = False
        saved(app, session)
        assert opened(app, sid)["cart"] == kept


def test_an_empty_new_session_writes_and_sets_nothing() -> None:
    app = application()
    session = opened(app, None)
    assert not session
    response = saved(app, session)
    assert operations(app) == []
    assert "Set-Cookie" not in response.headers
    assert response.headers["Vary"] == "Cookie"


def test_an_emptied_session_is_deleted_with_the_cookie_as_it_was_set() -> None:
    app = application(
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_DOMAIN="example.org",
        SESSION_COOKIE_PATH="/shop",
    )
    session = opened(app, None)
    session["a"] = 1
    was_set = saved(app, session).headers["Set-Cookie"]
    session = opened(app, session.sid)
    session.clear()
    response = saved(app, session)
    was_deleted = response.headers["Set-Cookie"]
    assert app.session_interface.store.keys() == []  # type: ignore[attr-defined]
    assert response.headers["Vary"] == "Cookie"
    assert was_deleted.startswith("session=; ")

    def attributes(header: str) -> set[str]:
        parts = {part.strip() for part in header.split(";")[1:]}
        return {part for part in parts if not part.startswith(("Expires", "Max-Age"))}

    assert attributes(was_set) == attributes(was_deleted)
    assert attributes(was_set) >= {"Secure", "HttpOnly", "SameSite=Lax", "Path=/shop", "Domain=example.org"}


@pytest.mark.skipif(
    not hasattr(flask.sessions.SessionInterface, "get_cookie_partitioned"), reason="Flask before 3.1"
)
def test_a_partitioned_cookie_is_set_and_deleted_partitioned() -> None:
    app = application(SESSION_COOKIE_PARTITIONED=True, SESSION_COOKIE_SECURE=True)
    session = opened(app, None)
    session["a"] = 1
    assert "Partitioned" in saved(app, session).headers["Set-Cookie"]
    session.clear()
    assert "Partitioned" in saved(app, session).headers["Set-Cookie"]


def test_the_cookie_of_a_session_that_is_not_permanent_has_no_expiry() -> None:
    app = application(permanent=False)
    session = opened(app, None)
    session["a"] = 1
    assert "Expires" not in saved(app, session).headers["Set-Cookie"]
    assert dict(opened(app, session.sid)) == {"a": 1}


def test_saving_twice_is_harmless_and_saves_what_changed_between() -> None:
    app = application()
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)
    session["b"] = 2
    saved(app, session)
    saved(app, session)
    assert dict(opened(app, session.sid)) == {"_permanent": True, "a": 1, "b": 2}


def test_flasks_proxy_is_a_session_too() -> None:
    app = application()
    with app.test_request_context():
        flask.session["a"] = 1
        app.session_interface.regenerate(flask.session)  # type: ignore[attr-defined]
        saved(app, flask.session)
        assert app.session_interface.store.keys() == [f"session:{flask.session.sid}"]  # type: ignore[attr-defined]
    assert operations(app) == ["commit"], "through the hooks it would have been put"


def test_saving_is_no_access() -> None:
    app = application(SESSION_TOUCH_INTERVAL=0, SESSION_EAGER=True)
    session = opened(app, stored(app, ENTRIES))
    assert "Set-Cookie" in saved(app, session).headers
    assert not session.accessed


def test_a_session_that_was_emptied_and_saved_can_be_filled_and_saved_again() -> None:
    app = application()
    session = opened(app, stored(app, ENTRIES))
    session.clear()
    saved(app, session)
    session["a"] = 1
    saved(app, session)
    assert dict(opened(app, session.sid)) == {"_permanent": True, "a": 1}


def test_no_session_at_all_is_tolerated() -> None:
    app = application()
    saved(app, None)
    assert operations(app) == []


def test_two_writers_of_different_keys_keep_both() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    one, other = opened(app, sid), opened(app, sid)
    one["a"], other["b"] = 1, 2
    saved(app, one)
    saved(app, other)
    assert dict(opened(app, sid)) == {**ENTRIES, "a": 1, "b": 2}
    assert dict(other) == {**ENTRIES, "a": 1, "b": 2}


def test_on_conflict_overwrite_the_last_writer_wins() -> None:
    app = application(SESSION_ON_CONFLICT="overwrite")
    sid = stored(app, ENTRIES)
    one, other = opened(app, sid), opened(app, sid)
    one["a"], other["b"] = 1, 2
    saved(app, one)
    saved(app, other)
    assert dict(opened(app, sid)) == {**ENTRIES, "b": 2}
    assert app.session_interface.guarantee == "overwrite"  # type: ignore[attr-defined]


def test_a_session_destroyed_meanwhile_is_left_alone_and_so_is_its_cookie() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    slow, leaving = opened(app, sid), opened(app, sid)
    slow["a"] = 1
    leaving.clear()
    saved(app, leaving)
    response = saved(app, slow)
    assert "Set-Cookie" not in response.headers
    assert app.session_interface.store.keys() == []  # type: ignore[attr-defined]


def test_a_renewed_session_moves_when_it_is_saved() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session = opened(app, sid)
    interface: Any = app.session_interface
    interface.regenerate(session)
    assert session.sid != sid
    assert interface.store.keys() == [f"session:{sid}"]
    slow = opened(app, sid)
    slow["b"] = 2
    assert saved(app, session).headers["Set-Cookie"].startswith(f"session={session.sid}")
    assert interface.store.keys() == [f"session:{session.sid}"]
    assert "Set-Cookie" not in saved(app, slow).headers
    assert interface.store.keys() == [f"session:{session.sid}"]
    assert opened(app, session.sid)["cart"] == ["tea"]


def test_an_assigned_id_is_adopted_and_the_old_record_stays() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session = opened(app, sid)
    session.sid = "chosen-by-the-app"
    assert saved(app, session).headers["Set-Cookie"].startswith("session=chosen-by-the-app")
    interface: Any = app.session_interface
    assert interface.store.keys() == sorted(["session:chosen-by-the-app", f"session:{sid}"])


def test_a_renewed_session_emptied_by_pop_takes_along_what_another_request_added() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session, fast = opened(app, sid), opened(app, sid)
    app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    fast["b"] = 2
    saved(app, fast)
    session.pop("cart")
    assert f"session={session.sid};" in saved(app, session).headers["Set-Cookie"]
    assert dict(opened(app, session.sid)) == {"_permanent": True, "b": 2}
    assert not opened(app, sid)


def test_an_id_assigned_to_itself_changes_nothing() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session, slow = opened(app, sid), opened(app, sid)
    session["a"] = 1
    slow.sid = sid
    slow["b"] = 2
    saved(app, session)
    saved(app, slow)
    assert dict(opened(app, sid)) == {**ENTRIES, "a": 1, "b": 2}


@pytest.mark.parametrize("last", ["deleted", "assigned"])
def test_the_last_of_an_assignment_and_a_deletion_counts_in_a_merge(last: str) -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session, fast = opened(app, sid), opened(app, sid)
    if last == "deleted":
        session["cart"] = ["milk"]
        del session["cart"]
    else:
        session["cart"] = session.pop("cart")
    fast["cart"] = ["of another request"]
    fast["more"] = 1
    saved(app, fast)
    session["b"] = 2
    saved(app, session)
    merged = dict(opened(app, sid))
    assert merged.pop("cart", None) == (None if last == "deleted" else ["tea"])
    assert (merged["b"], merged["more"]) == (2, 1)


def test_a_record_that_the_application_named_is_deleted_with_an_empty_session() -> None:
    app = application()
    stored(app, ENTRIES, sid="named-by-the-app")
    session = opened(app, None)
    session.sid = "named-by-the-app"
    session.clear()
    saved(app, session)
    assert app.session_interface.store.keys() == []  # type: ignore[attr-defined]


def test_a_renewed_session_that_is_emptied_leaves_nothing() -> None:
    app = application()
    session = opened(app, stored(app, ENTRIES))
    interface: Any = app.session_interface
    interface.regenerate(session)
    session.clear()
    assert "Max-Age=0" in saved(app, session).headers["Set-Cookie"]
    assert interface.store.keys() == []


def test_a_prefix_changed_during_a_request_is_where_the_session_goes() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session = opened(app, sid)
    interface: Any = app.session_interface
    interface.key_prefix = "later:"
    assert session["cart"] == ["tea"]
    saved(app, session)
    assert interface.store.keys() == sorted([f"later:{sid}", f"session:{sid}"])


def test_a_session_made_by_hand_is_saved_under_its_id() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    saved(app, ServerSideSession({"a": 1}, sid=sid))
    assert dict(opened(app, sid)) == {"a": 1}


def test_what_cannot_be_stored_names_its_key_and_nothing_is_lost() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    session = opened(app, sid)
    session["bad"] = object()
    with pytest.raises(SessionUnsupported, match="bad"):
        saved(app, session)
    assert dict(opened(app, sid)) == ENTRIES


def site_whose_error_handler_removes_what_is_bad() -> flask.Flask:
    app = application()
    app.testing = False

    @app.get("/put")
    def put() -> str:
        flask.session.update(good=1, bad=object())
        return ""

    @app.errorhandler(500)
    def answer(error: Exception) -> tuple[str, int]:
        del flask.session["bad"]
        return "", 500

    app.add_url_rule("/see", view_func=lambda: sorted(flask.session))
    return app


def test_an_error_handler_may_remove_what_cannot_be_stored() -> None:
    browser = site_whose_error_handler_removes_what_is_bad().test_client()
    assert browser.get("/put").status_code == 500
    assert browser.get("/see").json == ["_permanent", "good"]


def test_for_the_answer_to_a_store_that_fails_it_is_not_asked_again() -> None:
    app = site_whose_error_handler_removes_what_is_bad()
    commits = []

    def fail(commit: Any, ttl: float) -> None:
        commits.append(commit)
        raise ConnectionError("the store is down")

    app.session_interface.store.commit = fail  # type: ignore[attr-defined]
    app.add_url_rule("/fail", "fail", lambda: flask.session.update(bad="text") or "")
    assert app.test_client().get("/fail").status_code == 500
    assert len(commits) == 1


@pytest.mark.parametrize("lifetime", [0, timedelta(milliseconds=300)])
def test_a_lifetime_of_less_than_a_second_is_no_error(lifetime: Any) -> None:
    app = application(PERMANENT_SESSION_LIFETIME=lifetime)
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)


def test_a_store_that_fails_is_asked_once_per_request() -> None:
    app = application()
    store = app.session_interface.store  # type: ignore[attr-defined]
    session = opened(app, stored(app, ENTRIES))
    store.failure = ConnectionError("the store is down")
    for _ in range(3):
        with pytest.raises(ConnectionError):
            session.get("cart")
    saved(app, session)
    assert operations(app) == ["load and refresh"]


def test_eager_loads_before_the_view_runs() -> None:
    app = application(SESSION_EAGER=True)
    session = opened(app, stored(app, ENTRIES))
    assert operations(app) == ["load and refresh"]
    assert not session.accessed


def test_a_look_after_the_response_was_made_extends_no_life() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    session = opened(app, sid)
    saved(app, session)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = True
    assert session["cart"] == ["tea"]
    assert operations(app) == ["load"]


def test_a_change_after_the_response_was_made_is_logged_in_debug_mode(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = application(DEBUG=True)
    session = opened(app, stored(app, ENTRIES))
    saved(app, session)
    assert session["cart"] == ["tea"]
    assert caplog.records == []
    session["late"] = 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    session = opened(app, None)
    saved(app, session)
    session["late"] = 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    app.debug = False
    session["late"] = 2
    assert len(caplog.records) == 2


def test_an_interface_serves_an_application_it_was_not_made_for() -> None:
    interface = MemorySessionInterface()
    app = flask.Flask("other")
    app.session_interface = interface
    app.add_url_rule("/", view_func=lambda: flask.session.update(a=1) or "ok")
    client = app.test_client()
    assert client.get("/").status_code == 200
    with client.session_transaction() as session:
        assert session["a"] == 1
        session["b"] = 2
    with client.session_transaction() as session:
        assert dict(session) == {"_permanent": True, "a": 1, "b": 2}
