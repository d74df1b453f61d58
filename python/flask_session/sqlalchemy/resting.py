"""SQLite connections of our own, kept at hand between statements.

Giving one back to SQLAlchemy's pool and taking it again costs more than the statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.pool import QueuePool

from .engines import close_pool, own_engine

PATIENCE = 50
"""Milliseconds to wait for SQLite's lock before looking whether our own application holds it."""

MOST = 5
"""Connections that rest; SQLAlchemy's pools keep as many."""


class Taken:
    """A connection that is taken from a pool."""

    __slots__ = ("_borrowed", "_patience", "connection", "pool")

    def __init__(self, pool: Any, borrowed: Any) -> None:
        self.pool = pool
        self.connection = borrowed.dbapi_connection
        self._borrowed = borrowed
        self._patience = borrowed.info.get("flask_session_patience")
        if self._patience is None:
            self._patience = self.connection.execute("PRAGMA busy_timeout").fetchone()[0]
            self._wait(min(PATIENCE, self._patience))
            borrowed.info["flask_session_patience"] = self._patience

    @contextmanager
    def as_patient_as_the_application(self) -> Iterator[None]:
        """Waits for locks as long as the application lets its own connections wait."""
        self._wait(self._patience)
        try:
            yield
        finally:
            self._wait(min(PATIENCE, self._patience))

    def _wait(self, milliseconds: int) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {milliseconds:d}")

    def close(self) -> None:
        """Gives it back to its pool."""
        self._borrowed.close()


class OwnConnections:
    """Connections for short statements, by a pool as the application's engine has one."""

    def __init__(self, engine: Any) -> None:
        self._own = own_engine(engine)
        self._waiting: list[None] = []  # one for each thread that waits: appending and popping are atomic

    def take(self) -> Taken:
        """One that rests, or one of the pool; ``put`` or ``close`` it."""
        taken = self._rested()
        if taken is not None:
            return taken
        self._waiting.append(None)
        try:
            # Looked at once more: who put one back just now may not have seen that we wait.
            pool = self._own.pool
            return self._rested() or Taken(pool, self._own.raw_connection())
        finally:
            self._waiting.pop()

    def put(self, taken: Taken) -> None:
        """Lets it rest, or gives it back, if others wait for the pool or it has to be asked each time."""
        resting = self._own.resting
        if taken.connection.in_transaction or taken.pool is not self._own.pool or not _may_rest(taken.pool):
            taken.close()
            return
        resting.append(taken)
        if self._waiting or len(resting) > MOST or taken.pool is not self._own.pool:
            spare = self._rested()
            if spare is not None:
                spare.close()

    def close(self) -> None:
        """Closes those that nobody uses."""
        close_pool(self._own)

    def _rested(self) -> Taken | None:
        try:
            rested: Taken = self._own.resting.pop()
        except IndexError:
            return None
        return rested


def _may_rest(pool: Any) -> bool:
    """Whether the pool has nothing to do when a connection comes back, or is taken again."""
    heard = pool.dispatch
    return (
        type(pool) is QueuePool
        and not (pool._pre_ping or pool._recycle > -1)
        and not (heard.checkin or heard.checkout or heard.reset)
    )
