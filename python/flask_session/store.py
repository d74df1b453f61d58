"""What an interface asks of a store: ``_core.Store`` or ``foreign.ForeignStore``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol

from ._core import Codec, Commit, Record
from ._core import Store as CoreStore


class Store(Protocol):
    """Keeps sessions between requests; times in seconds."""

    @property
    def name(self) -> str:
        """The backend, for messages."""

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """What concurrent writers can rely on, as far as it is known by now."""

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record; ``refresh`` restarts its time to live. Raises SessionCorrupt."""

    def commit(self, commit: Commit, ttl: float) -> None:
        """Drives ``commit`` to its end."""

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live; False if there is nothing to keep."""

    def get(self, key: str) -> bytes | None:
        """The stored bytes."""

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there."""

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live; None there: for ever, or unknown."""

    def replace(self, key: str, payload: bytes, ttl: float, expected: bytes | None) -> bool:
        """Writes if what is there is still ``expected`` (None: if nothing is), as surely as it can."""

    def delete(self, key: str) -> bool:
        """Forgets ``key``; deleting twice is fine."""

    def take_notices(self) -> list[tuple[bool, str]]:
        """What it found out since the last call, for the log: whether it is a warning, and its text."""

    def sweep(self, limit: int = 1000) -> int:
        """Removes up to ``limit`` expired records and says how many."""


def keys(store: Any, prefix: str) -> Iterator[str]:
    """Every live key that begins with ``prefix``; one may appear twice. Raises SessionUnsupported."""
    if not isinstance(store, CoreStore):
        yield from store.keys(prefix)
        return
    cursor: str | None = None
    while True:
        page, cursor = store.list(prefix, cursor)
        yield from page
        if cursor is None:
            return
