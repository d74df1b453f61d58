"""``CacheLibSessionInterface``: sessions in any cachelib cache, by the calls of Flask-Session 0.8."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING, Any

from ..exceptions import SessionCorrupt, SessionMisconfigured, StoreRefused
from ..interface import ServerSideSessionInterface
from ..lifetime import seconds
from ..overrides import original
from ..session import ServerSideSession
from ..settings import (
    SESSION_ID_LENGTH,
    SESSION_KEY_PREFIX,
    SESSION_PERMANENT,
    SESSION_SERIALIZATION_FORMAT,
    SESSION_USE_SIGNER,
    Setting,
)

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Flask

SESSION_CACHELIB = Setting(
    "SESSION_CACHELIB",
    None,
    "a cachelib cache",
    "The cache to keep sessions in, as the dicts that they are: how they are written is the cache's "
    "business. SESSION_SERIALIZATION_FORMAT and the settings about types make no difference.",
    default_text='`FileSystemCache("flask_session", threshold=500)`',
)
SETTINGS: tuple[Setting, ...] = (SESSION_CACHELIB,)


class CacheLibSession(ServerSideSession):
    """A session kept in a cachelib cache."""


class CacheLibSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in a cachelib cache. A cache has no conditional write, so the last writer wins.

    ``client``: the cache; None means a FileSystemCache in ``flask_session``. The other parameters are the
    settings of the same names.
    """

    session_class = CacheLibSession
    ttl = True

    def __init__(
        self,
        app: Flask | None = None,
        client: Any = SESSION_CACHELIB.default,
        key_prefix: str = SESSION_KEY_PREFIX.default,
        use_signer: bool = SESSION_USE_SIGNER.default,
        permanent: bool = SESSION_PERMANENT.default,
        sid_length: int = SESSION_ID_LENGTH.default,
        serialization_format: str = SESSION_SERIALIZATION_FORMAT.default,
    ) -> None:
        if client is None:
            warnings.warn(
                "No valid cachelib instance provided, attempting to create a new instance on localhost with "
                "default settings.",
                RuntimeWarning,
                stacklevel=2,
            )
            client = _files()
        self.cache: Any = _checked(client)
        super().__init__(app, key_prefix, use_signer, permanent, sid_length, serialization_format)

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        return {"client": SESSION_CACHELIB.read(config)}

    @original
    def _retrieve_session_data(self, store_id: str) -> dict[Any, Any] | None:
        data = self.cache.get(store_id)
        if data is not None and not isinstance(data, dict):
            raise SessionCorrupt(f"a stored session is not a dict but {type(data).__name__}")
        return data

    @original
    def _delete_session(self, store_id: str) -> None:
        self.cache.delete(store_id)

    @original
    def _upsert_session(self, session_lifetime: timedelta, session: ServerSideSession, store_id: str) -> None:
        # A timeout of 0 would mean for ever.
        stored = self.cache.set(key=store_id, value=dict(session), timeout=seconds(session_lifetime))
        # Some caches, uWSGI's among them, say nothing: None.
        if stored is not None and not stored:
            raise StoreRefused(
                f"{type(self.cache).__name__} did not store a session: it may be too large for it, or its "
                "server or its disk out of reach. cachelib doesn't say"
            )

    def _comparable(self, session: ServerSideSession) -> bytes | str | None:
        # Not through the serializer: a cache stores more types than that knows.
        try:
            return pickle.dumps(dict(session))
        except Exception:
            return None


def _checked(cache: Any) -> Any:
    """``cache`` if sessions can be kept in it. Raises SessionMisconfigured."""
    wanted = ("get", "set", "delete")
    if isinstance(cache, type) or not all(callable(getattr(cache, name, None)) for name in wanted):
        raise SessionMisconfigured(
            f"{SESSION_CACHELIB.name} must be {SESSION_CACHELIB.kind}, not {type(cache).__name__}"
        )
    return cache


def _files() -> Any:
    try:
        from cachelib import FileSystemCache
    except ImportError:
        raise SessionMisconfigured(
            'SESSION_TYPE = "cachelib" without SESSION_CACHELIB needs the package cachelib'
        ) from None
    return FileSystemCache("flask_session", threshold=500)
