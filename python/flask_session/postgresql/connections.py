"""Statements on the connections of the user's pool, each in a transaction of its own."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from typing import Any

from ..exceptions import (
    SessionError,
    SessionMisconfigured,
    StoreRefused,
    StoreTimedOut,
    StoreUnreachable,
)

LIMIT = 5.0
"""Seconds that an operation looks for a connection that isn't taken or broken."""

_GAVE_WAY = {"40001", "40P01"}
_TIMED_OUT = {"57014", "55P03"}
_REFUSED = {"42501", "25006"}
_NO_TABLE = {"42P01", "3F000"}
_NO_COLUMN = {"42703", "42P10"}


class MissingTable(Exception):
    """There is no such table, or no such schema."""


class Connections:
    """A pool that is shared with the application, or made again after a fork."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._process = os.getpid()
        self._inherited: list[Any] = []

    def run(self, statement: str, parameters: Mapping[str, Any] | None = None) -> tuple[list[Any], int]:
        """The rows, and how many were changed. Raises MissingTable, or an error of this package.

        A statement whose connection broke is sent once more. It may have been carried out before: conditions
        make sure that it is not twice.
        """
        until = time.monotonic() + LIMIT
        while True:
            pool = self._current()
            connection = _borrowed(pool, until)
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement, parameters)
                    rows = cursor.fetchall() if cursor.description else []
                    changed: int = cursor.rowcount
                connection.commit()
            except Exception as error:
                broken = bool(connection.closed)
                if not broken:
                    connection.rollback()
                pool.putconn(connection)
                late = time.monotonic() > until
                if not late and (broken or _code(error) in _GAVE_WAY):
                    time.sleep(random.uniform(0, 0.005))  # noqa: S311
                    continue
                known = _translated(error, broken)
                if known is None:
                    raise
                raise known from error
            pool.putconn(connection)
            return rows, changed

    def _current(self) -> Any:
        if self._process != os.getpid():
            # Closing what the parent opened would end the parent's connections: it is kept, and left alone.
            self._inherited.append(self._pool)
            self._pool = _made_again(self._pool)
            self._process = os.getpid()
        return self._pool


def _made_again(pool: Any) -> Any:
    if type(pool).__module__ != "psycopg2.pool":
        raise SessionMisconfigured(
            "the pool in SESSION_POSTGRESQL was made before this process was forked; make it afterwards"
        )
    return type(pool)(pool.minconn, pool.maxconn, *pool._args, **pool._kwargs)


def _borrowed(pool: Any, until: float) -> Any:
    while True:
        try:
            return pool.getconn()
        except Exception as error:
            names = {kind.__name__ for kind in type(error).__mro__}
            if "PoolError" in names and time.monotonic() < until:
                # Other threads have them all, and each only for a moment, unless the application keeps them.
                time.sleep(random.uniform(0, 0.01))  # noqa: S311
                continue
            if "PoolError" in names:
                raise StoreUnreachable("the pool in SESSION_POSTGRESQL has no connection left") from error
            raise _translated(error, broken=True) or error from error


def _code(error: BaseException) -> str:
    """The SQLSTATE of psycopg2's error, or of psycopg's."""
    return getattr(error, "pgcode", None) or getattr(error, "sqlstate", None) or ""


def _translated(error: Exception, broken: bool) -> SessionError | MissingTable | None:
    # Not the server's own words: they may quote a key.
    code = _code(error)
    if code in _NO_TABLE:
        return MissingTable()
    if code in _NO_COLUMN:
        return SessionMisconfigured(
            "the table for sessions needs columns session_id (its primary key), data and expiry"
        )
    if code in _TIMED_OUT:
        return StoreTimedOut(f"PostgreSQL ended a statement that took too long ({code})")
    if code in _REFUSED or code.startswith("28"):
        return StoreRefused(f"PostgreSQL refused ({code})")
    if code in _GAVE_WAY or code.startswith(("08", "53", "57P")) or broken:
        return StoreUnreachable(f"PostgreSQL can't be reached ({code or type(error).__name__})")
    return None
