"""SQLite, through Python's own ``sqlite3``.

Never another copy of SQLite in the same process: closing its file drops the locks that the application's
copy holds, and its database is corrupted.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import weakref
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from .engines import Done, Failed, Missing
from .failures import Busy, Duplicate, is_busy, is_without_table
from .resting import OwnConnections
from .statements import Layout
from .table import ddl

_LOCKS: weakref.WeakKeyDictionary[Any, threading.Lock] = weakref.WeakKeyDictionary()
"""One for each pool: what is counted of a statement is the connection's, not the statement's."""

logger = logging.getLogger("flask_session")


def is_sqlite(engine: Any) -> bool:
    """Whether the engine's connections are those of Python's ``sqlite3``."""
    return bool(engine.dialect.name == "sqlite" and engine.dialect.driver == "pysqlite")


class SqliteDatabase:
    """A file by connections of our own; a database in memory by the only connection that there is.

    ``application_session``: the SQLAlchemy session that the application uses in this context, if it has one.
    """

    def __init__(self, engine: Any, application_session: Callable[[], Any]) -> None:
        self.dialect = engine.dialect
        self._engine = engine
        self._application_session = application_session
        # Giving back a connection of these pools rolls back what everybody did on it.
        self.is_shared = isinstance(engine.pool, (StaticPool, SingletonThreadPool))
        self._connections: Any = None if self.is_shared else OwnConnections(engine)
        self._kept: Any = threading.local() if isinstance(engine.pool, SingletonThreadPool) else _Kept()
        self._lock = _LOCKS.setdefault(engine.pool, threading.Lock())
        self._wording = type(engine.dialect)(paramstyle="named")
        self._worded: dict[Any, tuple[str, dict[str, Any]]] = {}

    def run(self, statement: Any, parameters: dict[str, Any]) -> Done:
        """One statement; committed, unless the application's own transaction is open on that connection."""
        worded = self._worded.get(statement)
        if worded is None:
            compiled = statement.compile(dialect=self._wording)
            worded = self._worded[statement] = (compiled.string, dict(compiled.params))
        return self._perform(worded[0], {**worded[1], **parameters})

    def run_locked(self, look: Any, expected: bytes, change: Any, parameters: dict[str, Any]) -> bool | None:
        """SQLite compares in the statement."""
        raise NotImplementedError

    def has_table(self, table: Any) -> bool:
        """Whether the file has the table, or a view of its name."""
        master = "sqlite_master" if table.schema is None else f"{self._quoted(table.schema)}.sqlite_master"
        found = f"SELECT 1 FROM {master} WHERE type IN ('table', 'view') AND name = :name"  # noqa: S608
        return bool(self._perform(found, {"name": str(table.name)}).rows)

    def create(self, table: Any) -> None:
        """Makes the table, unless it is there by now."""
        for statement in ddl(table, self.dialect):
            self._perform(statement, {})

    def layout(self, table: Any) -> Layout:
        """What is particular about the table that is there."""
        schema = "" if table.schema is None else f"{self._quoted(table.schema)}."
        indexes = self._perform(f"PRAGMA {schema}index_list({self._quoted(table.name)})", {}).rows
        unique = False
        for index in indexes:
            if index[2] and not index[4]:
                parts = self._perform(f"PRAGMA {schema}index_info({self._quoted(index[1])})", {}).rows
                unique = unique or [part[2] for part in parts] == ["session_id"]
        columns = self._perform(f"PRAGMA {schema}table_info({self._quoted(table.name)})", {}).rows
        numbers_rows = True
        for _, name, kind, is_not_null, default, place in columns:
            if name == "id":
                alias = place == 1 and kind.upper() == "INTEGER"
                numbers_rows = bool(alias or not is_not_null or default is not None)
        return Layout(unique, numbers_rows)

    def close(self) -> None:
        """Closes our idle connections."""
        if not self.is_shared:
            self._connections.close()

    def _quoted(self, name: str) -> str:
        return str(self.dialect.identifier_preparer.quote_identifier(name))

    def _perform(self, sql: str, parameters: dict[str, Any]) -> Done:
        parameters = {
            # As SQLAlchemy's DateTime is written in SQLite.
            name: value.isoformat(" ", "microseconds") if isinstance(value, datetime) else value
            for name, value in parameters.items()
        }
        try:
            if self.is_shared:
                with self._lock:
                    return _perform_on(self._shared_connection(), sql, parameters)
            return self._perform_on_file(sql, parameters)
        except sqlite3.IntegrityError as error:
            raise Duplicate from error
        except Busy as error:
            raise Failed from error.__cause__
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise (Missing if is_without_table(error) else Failed) from error

    def _perform_on_file(self, sql: str, parameters: dict[str, Any]) -> Done:
        taken, is_done = self._connections.take(), False
        try:
            try:
                done = _perform_on(taken.connection, sql, parameters)
                is_done = True
                return done
            except Busy:
                theirs = self._application_connection()
            except sqlite3.OperationalError as error:
                # Perhaps the table is made, in a transaction that the application hasn't committed yet.
                theirs = self._application_connection() if is_without_table(error) else None
                if theirs is None:
                    raise
            if theirs is None:
                with taken.as_patient_as_the_application():
                    return _perform_on(taken.connection, sql, parameters)
            # Waiting would be of no use: it is this very request that holds the lock.
            logger.debug(
                "The application's own transaction holds SQLite's lock: the session is written in that "
                "transaction, and is lost if it is rolled back."
            )
            return _perform_on(theirs, sql, parameters)
        finally:
            if is_done:
                self._connections.put(taken)
            else:
                taken.close()

    def _shared_connection(self) -> Any:
        kept = self._kept
        if getattr(kept, "pool", None) is not self._engine.pool:
            # Kept for good, and never given back.
            kept.borrowed = self._engine.raw_connection()
            kept.pool = self._engine.pool
        return kept.borrowed.dbapi_connection

    def _application_connection(self) -> Any:
        """The connection on which the application's session has a transaction open, or None."""
        session = self._application_session()
        if session is None or not session.in_transaction():
            return None
        try:
            connection = session.connection(bind_arguments={"bind": self._engine})
            return connection.connection.dbapi_connection
        except SQLAlchemyError:
            return None


class _Kept:
    """The shared connection of a StaticPool, for all threads."""


def _perform_on(connection: Any, sql: str, parameters: dict[str, Any]) -> Done:
    was_open = connection.in_transaction
    try:
        cursor = connection.execute(sql, parameters)
        try:
            done = Done(cursor.rowcount, cursor.fetchall())
        finally:
            cursor.close()
        if connection.in_transaction and not was_open:
            connection.commit()
    except BaseException as error:
        if connection.in_transaction and not was_open:
            connection.rollback()
        if isinstance(error, sqlite3.OperationalError) and is_busy(error):
            raise Busy from error
        raise
    return done
