"""``SESSION_URL``: the backend is told by what the URL begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core import Store as CoreStore
from ._core import backends
from .exceptions import SessionMisconfigured
from .interface import ServerSideSessionInterface
from .settings import (
    SESSION_ID_LENGTH,
    SESSION_KEY_PREFIX,
    SESSION_NATIVE,
    SESSION_PERMANENT,
    SESSION_SERIALIZATION_FORMAT,
    SESSION_USE_SIGNER,
)

if TYPE_CHECKING:
    from flask import Flask

    from .store import Store

_SQL = ("postgresql", "mysql", "sqlite")


class NativeSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in the native store at ``url``; for those without an interface of their own.

    The other parameters are the settings of the same names.
    """

    def __init__(
        self,
        app: Flask | None = None,
        url: str = "",
        key_prefix: str = SESSION_KEY_PREFIX.default,
        use_signer: bool = SESSION_USE_SIGNER.default,
        permanent: bool = SESSION_PERMANENT.default,
        sid_length: int = SESSION_ID_LENGTH.default,
        serialization_format: str = SESSION_SERIALIZATION_FORMAT.default,
    ) -> None:
        if app is not None and not SESSION_NATIVE.read(app.config):
            raise SessionMisconfigured(
                f"SESSION_NATIVE is off, and there is no Python client for {scheme(url)!r} in SESSION_URL"
            )
        self._store = CoreStore.open(url)
        self.ttl = self._store.expires
        super().__init__(app, key_prefix, use_signer, permanent, sid_length, serialization_format)

    def _current_store(self) -> Store:
        return self._store


def scheme(url: str) -> str:
    """What ``url`` begins with. All of it that an error may show: the rest may hold a password."""
    return url.partition(":")[0]


def backend_of(url: str) -> str:
    """The name of the native backend at ``url``. Raises SessionMisconfigured."""
    known = backends()
    for name, schemes in known:
        if ":" in url and scheme(url) in schemes:
            return name
    listed = ", ".join(f"{one}:" for _, schemes in known for one in schemes)
    raise SessionMisconfigured(f"SESSION_URL must begin with one of {listed}")


def type_for(backend: str) -> str:
    """The SESSION_TYPE that a URL of ``backend`` means where none is set."""
    # A database without further word holds the table that released versions of Flask-Session make.
    return "sqlalchemy" if backend in _SQL else backend


def is_served_by(kind: Any, backend: str) -> bool:
    """Whether ``SESSION_TYPE = kind`` may go with a URL of ``backend``."""
    return kind == backend or (kind == "sqlalchemy" and backend in _SQL)
