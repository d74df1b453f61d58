"""Loading and committing sessions straight through a store, while no hook of the interface is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._core import Commit
from .exceptions import SessionCorrupt, StoreFailure
from .overrides import is_original

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Flask, Response

    from .interface import ServerSideSessionInterface
    from .session import ServerSideSession, Unloaded
    from .store import Store

SWEPT_AT_ONCE = 1000
"""Expired sessions that one call removes."""


def seconds(lifetime: timedelta) -> int:
    """A session's time to live: whole seconds as in Flask-Session, and never so few that a store refuses."""
    return max(int(lifetime.total_seconds()), 1)


def load(interface: ServerSideSessionInterface, session: ServerSideSession, unloaded: Unloaded) -> None:
    """Fills ``session`` from the first of its ids that the store knows, or makes it a new one."""
    app, store = unloaded.app, interface._needed_store()
    touches, codec = interface._touched(app), interface._codec()
    slides = (
        not unloaded.saved
        and app.config["SESSION_REFRESH_EACH_REQUEST"]
        and is_original(interface, "should_set_storage")
    )
    if unloaded.saved:
        session._saved_by = app
    for sid, key in unloaded.ids:
        recalled = touches.recall(sid) if slides else None
        refresh = (
            seconds(app.permanent_session_lifetime) if slides and (recalled is None or recalled[0]) else None
        )
        try:
            record = store.load(codec, key, refresh)
        except SessionCorrupt as reason:
            interface._report_corrupt(app, sid, reason)
            continue
        if record is None:
            touches.forget(sid)
            continue
        if refresh is not None:
            touches.note(sid, record.permanent)
            session._extended = True
        dict.clear(session)
        record.fill(session)
        session._record = record
        session._sid = session._record_sid = sid
        session._record_key = key
        session._new = False
        return
    dict.clear(session)
    if interface.permanent:
        dict.__setitem__(session, "_permanent", True)


def save_untouched(
    interface: ServerSideSessionInterface,
    store: Store,
    app: Flask,
    session: ServerSideSession,
    response: Response,
) -> None:
    """Slides the expiry of a session that nobody looked at; sends nothing while that is not due."""
    unloaded = session._unloaded
    if unloaded is None or unloaded.failure is not None:
        return
    if is_original(interface, "should_set_storage"):
        if not app.config["SESSION_REFRESH_EACH_REQUEST"]:
            unloaded.saved = True
            return
    elif not interface.should_set_storage(app, session):
        unloaded.saved = True
        return
    elif session._unloaded is None:
        # The hook looked at the session.
        save(interface, store, app, session, response, asked=True)
        return
    touches = interface._touched(app)
    for sid, key in unloaded.ids:
        recalled = touches.recall(sid)
        if recalled is not None and not recalled[0]:
            break
        lifetime = seconds(app.permanent_session_lifetime)
        if recalled is None:
            # Only the record says whether the session is permanent.
            try:
                record = store.load(interface._codec(), key, lifetime)
            except StoreFailure as failure:
                if not interface._tolerates(app, failure):
                    raise
                return
            except SessionCorrupt as reason:
                interface._report_corrupt(app, sid, reason)
                continue
            found, permanent = record is not None, record is not None and record.permanent
        else:
            found, permanent = _touch(interface, store, app, key), recalled[1]
        if found:
            touches.note(sid, permanent)
            session._known_permanent = permanent
            try:
                if interface.should_set_cookie(app, session):
                    interface._set_cookie(app, session, sid, response)
            finally:
                session._known_permanent = None
            break
        touches.forget(sid)
    unloaded.saved = True


def save(
    interface: ServerSideSessionInterface,
    store: Store,
    app: Flask,
    session: ServerSideSession,
    response: Response,
    asked: bool = False,
) -> None:
    """Commits a loaded or new session and sets its cookie. ``asked``: should_set_storage has said yes."""
    slides = app.config["SESSION_REFRESH_EACH_REQUEST"]
    if session._is_empty():
        if not session._modified:
            return
        if session._record is None:
            # Nothing of ours is in the store, unless the application named a record itself.
            if session._adopted and session._sid is not None:
                store.delete(interface._get_store_id(session._sid))
            interface._delete_cookie(app, response)
            return
        outcome = _commit(interface, store, app, session, touch=_is_touch_due(interface, app, session, asked))
        if outcome == "deleted":
            interface._delete_cookie(app, response)
            return
    else:
        if is_original(interface, "should_set_storage"):
            if not slides and not session._modified and (session._suppressed or session._record is None):
                return
        elif not asked and not interface.should_set_storage(app, session):
            return
        outcome = _commit(interface, store, app, session, touch=_is_touch_due(interface, app, session, asked))
    if outcome == "gone":
        # Destroyed or renewed meanwhile: a cookie from here would undo what the other request has set.
        return
    sid = session.sid or ""
    session._extended = False
    if outcome != "unchanged":
        interface._touched(app).note(sid, session._is_permanent())
        if outcome != "touched" and session._is_permanent():
            # The cookie's expiry follows the record's, also after a change inside a value.
            session._modified = True
    if interface.should_set_cookie(app, session):
        interface._set_cookie(app, session, sid, response)


def _touch(interface: ServerSideSessionInterface, store: Store, app: Flask, key: str) -> bool:
    """Slides the expiry of a session that needs no write. False if there is none, or if that may be so."""
    try:
        return store.touch(key, seconds(app.permanent_session_lifetime))
    except StoreFailure as failure:
        if not interface._tolerates(app, failure):
            raise
        return False


def _is_touch_due(
    interface: ServerSideSessionInterface, app: Flask, session: ServerSideSession, asked: bool
) -> bool:
    """Whether a session that needs no write must have its time to live restarted."""
    if not (app.config["SESSION_REFRESH_EACH_REQUEST"] or session._modified or asked):
        return False
    recalled = interface._touched(app).recall(session.sid or "")
    if recalled is None:
        # Perhaps another thread has destroyed or renewed it since it was loaded.
        return True
    return recalled[0] and not session._extended


def _commit(
    interface: ServerSideSessionInterface,
    store: Store,
    app: Flask,
    session: ServerSideSession,
    touch: bool,
) -> str | None:
    """One commit, and what it says about the session. Returns its outcome."""
    renewed_from = session._record_key if session._renewed else None
    key = interface._get_store_id(session.sid or "")
    # Also where the key prefix was changed since the session was opened.
    adopted = session._adopted or (
        session._record is not None and renewed_from is None and key != session._record_key
    )
    commit = Commit(
        interface._codec(),
        session,
        key,
        record=session._record,
        renewed_from=renewed_from,
        adopted=adopted,
        overwrite=interface.on_conflict == "overwrite",
        assigned=session._assigned or (),
        deleted=session._deleted or (),
        cleared=session._cleared,
        touch=touch,
    )
    if commit.outcome is None:
        try:
            store.commit(commit, seconds(app.permanent_session_lifetime))
        except StoreFailure as failure:
            if not commit.touches or not interface._tolerates(app, failure):
                raise
            # Nothing had to be written, and whether the session is still there is not known.
            return "gone"
    outcome = commit.outcome
    if outcome == "merged":
        commit.settle(session)
    if outcome in ("stored", "merged"):
        if renewed_from is not None and session._record_sid is not None:
            interface._touched(app).forget(session._record_sid)
        session._stored(commit.record, key)
    elif outcome in ("deleted", "gone") and session._record_sid is not None:
        interface._touched(app).forget(session._record_sid)
        if outcome == "deleted":
            session._stored(None, key)
            session._new = True
    return outcome
