"""``FileSystemSessionInterface``: sessions in files, one per session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from .._core import Store as CoreStore
from ..constructors import arguments
from ..interface import ServerSideSessionInterface
from ..overrides import original
from ..session import ServerSideSession
from ..settings import Setting, flag, path, whole_number
from .cache import SessionFiles

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Flask

    from ..store import Store

SESSION_FILE_DIR = Setting(
    "SESSION_FILE_DIR",
    os.path.join(os.getcwd(), "flask_session"),  # noqa: PTH109, PTH118 - the default is text, as users compare it
    "a path",
    "The directory of the session files. Ours lie in one folder inside it.",
    path,
    "`flask_session` in the working directory",
)
SESSION_FILE_THRESHOLD = Setting(
    "SESSION_FILE_THRESHOLD",
    500,
    "a whole number, 0 or more",
    "From so many sessions on, expired ones are removed while others are written. Where it is set, it is "
    "also a "
    "cap: beyond it live sessions go, those that expire first. 0 means never.",
    whole_number(0),
)
SESSION_FILE_MODE = Setting(
    "SESSION_FILE_MODE",
    0o600,
    "a whole number",
    "Permissions of each session file.",
    whole_number(0, 0o777),
    "0o600",
)
SESSION_FILE_FSYNC = Setting(
    "SESSION_FILE_FSYNC",
    False,
    "True or False",
    "Whether a session is on the disk before it counts as saved, so that a power failure undoes no save. "
    "[Its cost](backends/filesystem.md#power-failures) is the disk's.",
    flag,
)
SETTINGS: tuple[Setting, ...] = (
    SESSION_FILE_DIR,
    SESSION_FILE_THRESHOLD,
    SESSION_FILE_MODE,
    SESSION_FILE_FSYNC,
)

_CURRENT = (
    "app",
    "key_prefix",
    "use_signer",
    "permanent",
    "sid_length",
    "serialization_format",
    "cache_dir",
    "threshold",
    "mode",
)
_OLDER = ("cache_dir", "threshold", "mode", "key_prefix", "use_signer", "permanent", "sid_length")


class FileSystemSession(ServerSideSession):
    """A session kept in a file."""


class FileSystemSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in files.

    ``cache_dir``, ``threshold`` and ``mode`` are SESSION_FILE_DIR, _THRESHOLD and _MODE; a threshold that is
    given is also a cap. The other parameters are the settings of the same names; SESSION_FILE_FSYNC is read
    from ``app.config``.
    """

    session_class = FileSystemSession
    ttl = True
    _store_expires = False

    if TYPE_CHECKING:

        @overload
        def __init__(
            self,
            app: Flask | None = ...,
            key_prefix: str = ...,
            use_signer: bool = ...,
            permanent: bool = ...,
            sid_length: int = ...,
            serialization_format: str = ...,
            cache_dir: str | os.PathLike[str] = ...,
            threshold: int | None = ...,
            mode: int = ...,
        ) -> None: ...
        @overload
        def __init__(
            self,
            cache_dir: str | os.PathLike[str],
            threshold: int,
            mode: int,
            key_prefix: str,
            use_signer: bool = ...,
            permanent: bool = ...,
            sid_length: int = ...,
        ) -> None: ...

    def __init__(self, *positional: Any, **keywords: Any) -> None:
        given = arguments("FileSystemSessionInterface", _CURRENT, _OLDER, positional, keywords)
        directory = SESSION_FILE_DIR.read(
            {"SESSION_FILE_DIR": given.pop("cache_dir", SESSION_FILE_DIR.default)}
        )
        # A store keeps the place where the working directory was when it was made; so do the commands.
        self._directory = str(Path(directory).absolute())
        threshold = given.pop("threshold", None)
        app = given.get("app")
        config: Any = app.config if app is not None else {}
        self._store = CoreStore.open(
            "file:",
            directory=directory,
            threshold=SESSION_FILE_THRESHOLD.default if threshold is None else threshold,
            cap=threshold is not None,
            mode=given.pop("mode", SESSION_FILE_MODE.default),
            fsync=SESSION_FILE_FSYNC.read(config),
        )
        super().__init__(**given)
        self.cache: Any = SessionFiles(self._store, self.serializer.codec)
        self._own_cache = self.cache

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        return {
            "cache_dir": SESSION_FILE_DIR.read(config),
            "threshold": SESSION_FILE_THRESHOLD.read(config)
            if SESSION_FILE_THRESHOLD.given(config)
            else None,
            "mode": SESSION_FILE_MODE.read(config),
        }

    @classmethod
    def _arguments_from_url(cls, url: str, config: Any) -> dict[str, Any]:
        SESSION_FILE_DIR.refuse_beside_url(config)
        return {**cls._arguments_from(config), "cache_dir": url.removeprefix("file:").removeprefix("//")}

    def _current_store(self) -> Store | None:
        return self._store if self.cache is self._own_cache else None

    # An assigned cache gets Flask-Session's calls.

    @original
    def _retrieve_session_data(self, store_id: str) -> dict[Any, Any] | None:
        if self.cache is self._own_cache:
            return super()._retrieve_session_data(store_id)
        data: dict[Any, Any] | None = self.cache.get(store_id)
        return data

    @original
    def _delete_session(self, store_id: str) -> None:
        self.cache.delete(store_id)

    @original
    def _upsert_session(self, session_lifetime: timedelta, session: ServerSideSession, store_id: str) -> None:
        if self.cache is self._own_cache:
            super()._upsert_session(session_lifetime, session, store_id)
            return
        self.cache.set(key=store_id, value=dict(session), timeout=int(session_lifetime.total_seconds()))
