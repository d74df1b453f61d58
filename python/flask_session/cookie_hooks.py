"""Answering with the session cookie, through Flask's overridable hooks.

While all of them are Flask's own, the cookie depends on the configuration only, and its text is kept.
"""

from __future__ import annotations

from sys import intern
from time import time
from typing import TYPE_CHECKING, Any

from flask import sessions
from flask.sessions import SessionInterface

from ._core import Answer, KeptCookie
from .identity import Identity
from .lifetime import LIFETIME
from .overrides import add_original, hooks, original, unpatched
from .set_cookie import WRITER, set_cookie, template_of, vary_by_cookie

if TYPE_CHECKING:
    from flask import Flask, Response

    from .session import ServerSideSession

_HOOKS = tuple(
    name
    for name in dir(SessionInterface)
    if name.startswith("get_cookie_") or name in ("should_set_cookie", "get_expiration_time")
)
for _name in _HOOKS:
    add_original(_name, unpatched(getattr(SessionInterface, _name), "flask"))
ANSWERING = hooks(*_HOOKS, "_cookie_attributes", "_set_cookie", "should_set_storage")
"""The hooks that say whether a session is saved, and what its cookie looks like."""
ANSWER = Answer(WRITER, LIFETIME, time, vars(sessions))

# What Flask's own hooks look at. Flask has PARTITIONED since 3.1. Interned, they are found by identity.
_SETTINGS = (
    *(intern(f"SESSION_COOKIE_{name[11:].upper()}") for name in _HOOKS if name.startswith("get_cookie_")),
    "APPLICATION_ROOT",
    "SERVER_NAME",
)
_UNCHANGING = {str, bool, type(None)}


class CookieHooks(Identity):
    """The part of an interface that says what its cookie looks like."""

    has_same_site_capability: bool
    _kept: KeptCookie | None

    @original
    def _cookie_attributes(self, app: Flask) -> dict[str, Any]:
        """What both setting and deleting the cookie say, so that browsers take them for the same cookie."""
        attributes: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "httponly": self.get_cookie_httponly(app),
            "secure": self.get_cookie_secure(app),
            "samesite": self.get_cookie_samesite(app) if self.has_same_site_capability else None,
        }
        # Flask has the setting since 3.1.
        partitioned = getattr(self, "get_cookie_partitioned", None)
        if partitioned is not None and partitioned(app):
            attributes["partitioned"] = True
        return attributes

    def _keep(self, app: Flask) -> KeptCookie:
        """The cookie's texts while all hooks are Flask's own; kept, if that is safe."""
        config = app.config
        name, attributes = self.get_cookie_name(app), self._cookie_attributes(app)
        # Looked at after the hooks: Flask's get_cookie_domain sets its own setting until 2.2.
        values = tuple(config.get(setting) for setting in _SETTINGS)
        kept = KeptCookie(
            type(config),
            _SETTINGS,
            values,
            self.has_same_site_capability,
            template_of(name, True, attributes),
            template_of(name, False, attributes),
        )
        # An object that can change would say something else and still be the same.
        if (
            _UNCHANGING.issuperset(map(type, values))
            and type(config).__getitem__ is dict.__getitem__
            # Before Flask 3.1 only an application can have that hook.
            and ("get_cookie_partitioned" in _HOOKS or not hasattr(self, "get_cookie_partitioned"))
        ):
            self._kept = kept
        return kept

    @original
    def _set_cookie(self, app: Flask, session: ServerSideSession, sid: str, response: Response) -> None:
        set_cookie(
            response,
            self.get_cookie_name(app),
            self._sign(app, sid) if self.use_signer else sid,
            self.get_expiration_time(app, session),
            self._cookie_attributes(app),
        )
        vary_by_cookie(response)

    def _delete_cookie(self, app: Flask, response: Response) -> None:
        response.delete_cookie(key=self.get_cookie_name(app), **self._cookie_attributes(app))
        vary_by_cookie(response)
