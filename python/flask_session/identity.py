"""Session ids: making them, finding them in requests, signing them."""

from __future__ import annotations

import inspect
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask.sessions import SessionInterface
from itsdangerous import BadSignature, Signer

from . import cookies
from ._core import Signer as CoreSigner
from ._core import is_session_id
from .exceptions import SessionMisconfigured
from .overrides import hooks, original
from .signing import secret_keys, signer

if TYPE_CHECKING:
    from flask import Flask, Request

READING = hooks("_sids", "_sid_in", "_acceptable", "get_cookie_name")
GENERATING = hooks("_generate_sid")
_SIGNING = hooks("_get_signer")
LONGEST_KEY = 250
"""Bytes of a store key, prefix included, where the application makes the ids."""


class Identity(SessionInterface):
    """The part of an interface that knows ids."""

    key_prefix: str
    use_signer: bool
    sid_length: int
    accept_unsigned: bool

    _foreign_ids = False  # the application has assigned an id of its own
    _signer_keys: Any = None
    _signer: Any = None
    _generator: Any = None
    _generator_takes_length = True

    @original
    def _generate_sid(self, session_id_length: int | None = None) -> str:
        """A new random id of that many bytes."""
        return secrets.token_urlsafe(session_id_length or self.sid_length)

    def _new_sid(self) -> str:
        """A new id, through ``_generate_sid`` with one parameter or, as in older releases, without."""
        generate = self._generate_sid
        function = getattr(generate, "__func__", generate)
        if function is not self._generator:
            self._generator_takes_length = _takes_an_argument(generate)
            self._generator = function
        return generate(self.sid_length) if self._generator_takes_length else generate()

    def _get_store_id(self, sid: str) -> str:
        return self.key_prefix + sid

    @original
    def _acceptable(self, sid: str) -> bool:
        """Whether ``sid`` can be an id of ours; anything else never reaches the store."""
        if is_session_id(sid):
            return True
        # A signed id has come from this application, perhaps from another of its processes.
        if not self.use_signer and not self._foreign_ids and GENERATING.kept(self):
            return False
        return is_session_id(sid, True) and len(self._get_store_id(sid).encode()) <= LONGEST_KEY

    @original
    def _sids(self, app: Flask, request: Request) -> list[str]:
        """The ids that the request's cookies name, unsigned, without those that can't be ours."""
        found: list[str] = []
        for text in cookies.candidates(request, self.get_cookie_name(app)):
            sid = self._sid_in(app, text)
            if sid is not None and self._acceptable(sid):
                found.append(sid)
        return found

    @original
    def _sid_in(self, app: Flask, text: str) -> str | None:
        """The id in a cookie's text, also in the form of before the signer was switched on or off."""
        if self.use_signer:
            try:
                return self._unsign(app, text)
            except BadSignature:
                return text if self.accept_unsigned and is_session_id(text) else None
        if "." in text and getattr(app, "secret_key", None):
            with suppress(BadSignature, SessionMisconfigured):
                return self._unsign(app, text)
        return text

    @original
    def _get_signer(self, app: Flask) -> Signer:
        """Raises SessionMisconfigured without a secret key."""
        return signer(app)

    def _core_signer(self, app: Flask) -> CoreSigner | None:
        """The fast signer, while ``_get_signer`` is ours."""
        if not _SIGNING.kept(self):
            return None
        keys = secret_keys(app)
        if keys != self._signer_keys:
            self._signer = CoreSigner(keys[0], keys[1:])
            self._signer_keys = keys
        made: CoreSigner = self._signer
        return made

    def _sign(self, app: Flask, sid: str) -> str:
        """What the cookie holds for ``sid``."""
        fast = self._core_signer(app)
        if fast is not None:
            return fast.sign(sid)
        signed = self._get_signer(app).sign(sid)
        return signed.decode() if isinstance(signed, bytes) else signed

    def _unsign(self, app: Flask, sid: str) -> str:
        """The id in a signed cookie. Raises itsdangerous.BadSignature."""
        fast = self._core_signer(app)
        if fast is not None:
            unsigned = fast.unsign(sid)
            if unsigned is None:
                raise BadSignature("the session cookie's signature does not match")
            return unsigned
        try:
            raw = self._get_signer(app).unsign(sid)
            return raw.decode() if isinstance(raw, bytes) else raw
        except UnicodeDecodeError:
            raise BadSignature("the session cookie is not text") from None


def _takes_an_argument(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(
        parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD) for parameter in parameters
    )
