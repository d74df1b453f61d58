"""Session files as Flask-Session 0.8 and its cachelib read them: the way back."""

from __future__ import annotations

import hashlib
import os
import pickle
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .._core import Ext
from ..exceptions import SessionUnsupported

PROTOCOL = 4
"""The pickle protocol, which every Python since 3.4 reads."""

NAMES: dict[str, Callable[[bytes], Any]] = {"md5": hashlib.md5, "sha256": hashlib.sha256}
"""What cachelib hashes a key with: md5 from 0.7 to 0.15, sha256 since 0.16."""

_EXPIRY = struct.Struct("I")


class PickleSerializer:
    """Writes what cachelib reads. Reading is none of its business: see ``SESSION_LEGACY_PICKLE``."""

    def encode(self, session: dict[Any, Any]) -> bytes:
        """Raises SessionUnsupported for a value that only this package knows."""
        payload = pickle.dumps(dict(session), PROTOCOL)
        # By its name in the pickle: it may lie deep inside.
        if Ext.__name__.encode() in payload and __package__.partition(".")[0].encode() in payload:
            raise SessionUnsupported("a MessagePack extension value can't be read by Flask-Session's files")
        return payload


class CachelibFiles:
    """A folder of ``<hash of the key>``: four bytes of expiry, then a pickle of the session's dict."""

    name = "cachelib"

    def __init__(self, folder: Path, named_by: Callable[[bytes], Any], mode: int) -> None:
        self._folder = folder
        self._named_by = named_by
        self._mode = mode

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The pickle, and the seconds that it still lives."""
        try:
            contents = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        if len(contents) <= _EXPIRY.size:
            return None
        (expiry,) = _EXPIRY.unpack_from(contents)
        left = expiry - time.time()
        if expiry and left <= 0:
            return None
        return contents[_EXPIRY.size :], left if expiry else None

    def replace(self, key: str, payload: bytes, ttl: float, expected: bytes | None) -> bool:
        """Writes a file aside and renames it, as cachelib does. Nothing locks these files."""
        there = self.examine(key)
        if (None if there is None else there[0]) != expected:
            return False
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        expiry = _EXPIRY.pack(min(int(time.time() + ttl), 0xFFFFFFFF))
        descriptor, aside = tempfile.mkstemp(suffix=".__wz_cache", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(expiry + payload)
            Path(aside).chmod(self._mode)
            Path(aside).replace(self._path(key))
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        return True

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live."""
        there = self.examine(key)
        return there is not None and self.replace(key, there[0], ttl, there[0])

    def _path(self, key: str) -> Path:
        return self._folder / str(self._named_by(key.encode()).hexdigest())
