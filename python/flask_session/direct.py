"""Loading and committing sessions straight through a store, while no hook of the interface is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._core import Commit, is_bare
from .cookie_hooks import ANSWERING
from .exceptions import SessionCorrupt, StoreFailure
from .lifetime import seconds
from .overrides import hooks

if TYPE_CHECKING:
    from flask import Flask, Response

    from .interface import ServerSideSessionInterface
    from .session import ServerSideSession
    from .store import Store

SWEPT_AT_ONCE = 1000
"""Expired sessions that one call removes."""
STORING = hooks("should_set_storage")


def load(session: ServerSideSession) -> None:
    """Fills ``session`` from the first of its ids that the store knows, or makes it a new one."""
    interface, app, store = session._interface, session._app, session._store
    if interface is None or app is None or store is None:
        return
    touches, codec = interface._touches or interface._touched(app), interface.serializer.codec
    slides = (
        # Once the response is made, nobody learns of a longer life.
        session._saved_by is None and app.config["SESSION_REFRESH_EACH_REQUEST"] and STORING.kept(interface)
    )
    for sid, key in session._unloaded or ():
        recalled = touches.recall(sid) if slides else None
        refresh = (
            seconds(app.permanent_session_lifetime) if slides and (recalled is None or recalled[0]) else None
        )
        try:
            record = store.load(codec, key, refresh)
        except SessionCorrupt as reason:
            interface._report_corrupt(app, sid, reason)
            continue
        except StoreFailure as failure:
            if not interface._tolerates(app, failure):
                raise
            dict.clear(session)
            session._load_failure = failure
            return
        if record is None:
            touches.forget(sid)
            continue
        if refresh is not None:
            touches.note(sid, record.permanent)
            session._extended = True
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
    varied: bool,
) -> None:
    """Slides the expiry of a session that nobody looked at; sends nothing while that is not due."""
    if session._unloadable is not None:
        return
    if STORING.kept(interface):
        if not app.config["SESSION_REFRESH_EACH_REQUEST"]:
            session._saved_by = app
            return
    elif not interface.should_set_storage(app, session):
        session._saved_by = app
        return
    elif session._unloaded is None:
        # The hook looked at the session.
        save(interface, store, app, session, response, varied, asked=True)
        return
    touches = interface._touches or interface._touched(app)
    for sid, key in session._unloaded or ():
        recalled = touches.recall(sid)
        if recalled is not None and not recalled[0]:
            break
        lifetime = seconds(app.permanent_session_lifetime)
        if recalled is None:
            # Only the record says whether the session is permanent.
            try:
                record = store.load(interface.serializer.codec, key, lifetime)
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
                interface._answer(app, session, sid, response, varied)
            finally:
                session._known_permanent = None
            break
        touches.forget(sid)
    session._saved_by = app


def save(
    interface: ServerSideSessionInterface,
    store: Store,
    app: Flask,
    session: ServerSideSession,
    response: Response,
    varied: bool,
    asked: bool = False,
) -> None:
    """Commits a loaded or new session and sets its cookie.

    ``varied``: the response has its ``Vary``. ``asked``: should_set_storage has said yes.
    """
    slides = app.config["SESSION_REFRESH_EACH_REQUEST"]
    plain = ANSWERING.kept(interface)
    if is_bare(session):
        if not session._modified:
            return
        if session._record is None:
            # Nothing of ours is in the store, unless the application named a record itself.
            if session._adopted and session._sid is not None:
                store.delete(interface._get_store_id(session._sid))
            interface._delete_cookie(app, response)
            return
        touch = _is_touch_due(interface, app, session, slides or asked)
        outcome = _commit(interface, store, app, session, touch)
        if outcome == "deleted":
            interface._delete_cookie(app, response)
            return
    else:
        if plain or STORING.kept(interface):
            if not slides and not session._modified and (session._suppressed or session._record is None):
                return
        elif not asked and not interface.should_set_storage(app, session):
            return
        touch = _is_touch_due(interface, app, session, slides or asked)
        outcome = (
            "unchanged"
            if not touch and _is_as_loaded(interface, session)
            else _commit(interface, store, app, session, touch)
        )
    if outcome == "gone":
        # Destroyed or renewed meanwhile: a cookie from here would undo what the other request has set.
        return
    sid = session._sid or session.sid or ""
    session._extended = False
    if outcome != "unchanged":
        permanent = session._is_permanent()
        interface._touched(app).note(sid, permanent)
        if outcome != "touched" and permanent:
            # The cookie's expiry follows the record's, also after a change inside a value.
            session._modified = True
    interface._answer(app, session, sid, response, varied, plain)


def _touch(interface: ServerSideSessionInterface, store: Store, app: Flask, key: str) -> bool:
    """Slides the expiry of a session that needs no write. False if there is none, or if that may be so."""
    try:
        return store.touch(key, seconds(app.permanent_session_lifetime))
    except StoreFailure as failure:
        if not interface._tolerates(app, failure):
            raise
        return False


def _is_touch_due(
    interface: ServerSideSessionInterface, app: Flask, session: ServerSideSession, wanted: bool
) -> bool:
    """Whether a session that needs no write must have its time to live restarted."""
    if not (wanted or session._modified):
        return False
    recalled = (interface._touches or interface._touched(app)).recall(session._sid or session.sid or "")
    if recalled is None:
        # Perhaps another thread has destroyed or renewed it since it was loaded.
        return True
    return recalled[0] and not session._extended


def _is_as_loaded(interface: ServerSideSessionInterface, session: ServerSideSession) -> bool:
    """Whether a commit would find nothing to do. False proves nothing."""
    record = session._record
    return (
        record is not None
        and session._assigned is None
        and session._deleted is None
        and not (session._renewed or session._adopted or session._cleared)
        and interface._get_store_id(session._sid or "") == session._record_key
        and record.holds(interface.serializer.codec, session)
    )


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
        interface.serializer.codec,
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
