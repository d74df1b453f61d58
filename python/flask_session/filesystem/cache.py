"""``FileSystemSessionInterface.cache``: session files by their store key, with cachelib's method names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._core import Codec, Store

FOREVER = 10 * 365 * 24 * 3600


class SessionFiles:
    """The stored sessions as dicts. Keys carry the prefix: ``cache.get("session:" + sid)``."""

    def __init__(self, store: Store, codec: Codec) -> None:
        self._store = store
        self._codec = codec

    def get(self, key: str) -> dict[Any, Any] | None:
        """The session under ``key``, or None. Raises SessionCorrupt."""
        payload = self._store.get(key)
        return self._codec.decode(payload) if payload else None

    def set(self, key: str, value: dict[Any, Any], timeout: float | None = None) -> bool:
        """Writes a session; ``timeout`` in seconds, None or 0 for ten years."""
        self._store.put(key, self._codec.encode(dict(value)), timeout or FOREVER)
        return True

    def delete(self, key: str) -> bool:
        """Removes a session; whether there was one."""
        return self._store.delete(key)

    def has(self, key: str) -> bool:
        """Whether there is a session under ``key``."""
        return self._store.get(key) is not None

    def clear(self) -> bool:
        """Removes every session."""
        cursor: str | None = None
        while True:
            keys, cursor = self._store.list("", cursor)
            for key in keys:
                self._store.delete(key)
            if cursor is None:
                return True
