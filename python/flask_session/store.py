"""What an interface asks of a store: ``_core.Store`` or ``foreign.ForeignStore``."""

from __future__ import annotations

from typing import Literal, Protocol

from ._core import Codec, Commit, Record


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

    def delete(self, key: str) -> bool:
        """Forgets ``key``; deleting twice is fine."""

    def take_notices(self) -> list[tuple[bool, str]]:
        """What it found out since the last call, for the log: whether it is a warning, and its text."""

    def sweep(self, limit: int = 1000) -> int:
        """Removes up to ``limit`` expired records and says how many."""
