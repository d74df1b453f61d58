"""Opening and saving through every hook, in the order in which Flask-Session 0.8 calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .exceptions import SessionCorrupt
from .overrides import STORING
from .session import ServerSideSession

if TYPE_CHECKING:
    from flask import Flask, Response

    from .interface import ServerSideSessionInterface


def open_session(interface: ServerSideSessionInterface, app: Flask, sids: list[str]) -> Any:
    """The session of the first id that ``_retrieve_session_data`` knows, or a new one."""
    for sid in sids:
        try:
            data = interface._retrieve_session_data(interface._get_store_id(sid))
        except SessionCorrupt as reason:
            interface._report_corrupt(app, sid, reason)
            continue
        if data is not None:
            session: Any = interface.session_class(data, sid=sid)
            if isinstance(session, ServerSideSession):
                session._adopted = False
                session._interface = interface
                if not app.config["SESSION_REFRESH_EACH_REQUEST"]:
                    session._snapshot = interface._comparable(session)
                    session.accessed = False  # nobody but the serializer has looked
            return session
    session = interface.session_class(sid=interface._new_sid(), permanent=interface.permanent)
    if isinstance(session, ServerSideSession):
        session._adopted = False
        session._interface = interface
    return session


def save_session(interface: ServerSideSessionInterface, app: Flask, session: Any, response: Response) -> None:
    """Deletes an emptied session, writes a changed one, sets the cookie; ``Vary`` is the caller's."""
    store_id = interface._get_store_id(session.sid)
    if not session:
        if session.modified:
            interface._delete_session(store_id)
            interface._delete_cookie(app, response)
        return
    if not interface.should_set_storage(app, session):
        if not _changed_inside(interface, session):
            return
        session.modified = True
    interface._upsert_session(app.permanent_session_lifetime, session, store_id)
    if isinstance(session, ServerSideSession):
        session._new = session._adopted = False
    if interface.should_set_cookie(app, session):
        interface._set_cookie(app, session, session.sid, response)


def _changed_inside(interface: ServerSideSessionInterface, session: Any) -> bool:
    """Whether a value changed without an assignment, where only that can be why nothing was to be saved."""
    if not isinstance(session, ServerSideSession) or session._snapshot is None or session._suppressed:
        return False
    return STORING.kept(interface) and interface._comparable(session) != session._snapshot
