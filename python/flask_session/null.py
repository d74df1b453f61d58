"""The interface of an application that has no place for its sessions yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from flask.sessions import NullSession as FlaskNullSession
from flask.sessions import SessionInterface

from .exceptions import SessionMisconfigured
from .settings import BACKENDS

if TYPE_CHECKING:
    from flask import Flask, Request, Response
    from flask.sessions import SessionMixin


def _fail(*_: Any, **__: Any) -> NoReturn:
    types = ", ".join(repr(name) for name in BACKENDS)
    raise SessionMisconfigured(
        "The session can't be changed because no place to keep it is configured: set SESSION_TYPE to one of "
        f"{types} before Session(app) is called"
    )


class NullSession(FlaskNullSession):
    """Can be read (it is empty); any change raises SessionMisconfigured, which says what to set."""

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = __ior__ = _fail


class NullSessionInterface(SessionInterface):
    """Opens an empty session that can't be changed (``SESSION_TYPE = "null"``)."""

    null_session_class = NullSession

    def __init__(self, app: Flask | None = None, **_: Any) -> None:
        self.app = app

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - Flask's signature
        """An empty session that can't be changed."""
        return self.null_session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Does nothing."""
