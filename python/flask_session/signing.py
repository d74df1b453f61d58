"""Signed session cookies (``SESSION_USE_SIGNER``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from itsdangerous import Signer

from .exceptions import SessionMisconfigured

if TYPE_CHECKING:
    from flask import Flask

SALT = "flask-session"

Key = str | bytes


def secret_keys(app: Flask) -> tuple[Key, ...]:
    """The key that signs, then those that are still accepted. Raises SessionMisconfigured."""
    current = getattr(app, "secret_key", None)
    if not current:
        raise SessionMisconfigured("SECRET_KEY must be set when SESSION_USE_SIGNER is True")
    fallbacks = app.config.get("SECRET_KEY_FALLBACKS") or ()
    if isinstance(fallbacks, (str, bytes)):
        # Each of its characters would become a key.
        raise SessionMisconfigured("SECRET_KEY_FALLBACKS must be a list of keys, not text")
    return (current, *fallbacks)


def signer(app: Flask) -> Signer:
    """The itsdangerous signer that writes what ``_core.Signer`` writes."""
    current, *fallbacks = secret_keys(app)
    # itsdangerous signs with the last key of a list.
    keys: Any = [*fallbacks, current]
    return Signer(keys, salt=SALT, key_derivation="hmac")
