"""Statements on connections of our own, made as the application's engine makes its own.

Not a pool's connection that the application uses: what it left uncommitted must stay so, and with a pool that
is exhausted by requests that each hold one connection, waiting for a second one would stop them all.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine

from .failures import Duplicate, Interrupted, Lost, is_interrupted, is_without_table
from .statements import Layout
from .table import layout_of


class Missing(Exception):
    """The table isn't there."""


class Failed(Exception):
    """An error of the database that trying again doesn't help; it is the cause."""


@dataclass(frozen=True)
class Done:
    """What a statement did."""

    found: int
    """How many rows it found; one that needed no change counts."""
    rows: Sequence[Any] = ()


class Database(Protocol):
    """A way to a database. Errors are those of ``failures``, and the two above."""

    dialect: Any

    def run(self, statement: Any, parameters: dict[str, Any]) -> Done:
        """Performs one statement, as a transaction of its own."""

    def run_locked(self, look: Any, expected: bytes, change: Any, parameters: dict[str, Any]) -> bool | None:
        """``change``s the row that ``look`` locks, if it holds ``expected``; None if there is no row."""

    def has_table(self, table: Any) -> bool:
        """Whether the table is there."""

    def create(self, table: Any) -> None:
        """Makes the table."""

    def layout(self, table: Any) -> Layout:
        """What is particular about the table that is there."""

    def close(self) -> None:
        """Closes what rests."""


class _OwnEngine(Engine):
    # A listener of all engines hears of us through the application's engine, and not twice.
    _sa_propagate_class_events = False
    _has_events = True

    resting: list[Any]
    """Connections that are kept out of the pool between statements; they have a method ``close``."""


def own_engine(engine: Any) -> Any:
    """An engine with a pool of its own, of the same kind, settings and listeners; its log hides payloads."""
    own = _OwnEngine(
        engine.pool.recreate(),
        engine.dialect,
        engine.url,
        hide_parameters=True,
        execution_options={**engine.get_execution_options(), "preserve_rowcount": True},
    )
    # As in Engine.execution_options: who listens to the engine, also later, hears of our statements.
    own.dispatch = own.dispatch._join(engine.dispatch)
    own.resting = []
    event.listen(engine, "engine_disposed", _disposer(own))
    return own


def _disposer(own: Any) -> Callable[[Any], None]:
    reference, process = weakref.ref(own), os.getpid()

    def dispose(_: Any) -> None:
        engine = reference()
        # A child must leave its parent's connections alone.
        if engine is not None and os.getpid() == process:
            close_pool(engine)

    return dispose


def close_pool(engine: Any) -> None:
    """What ``engine.dispose()`` does, unheard by those who listen to the application's engine."""
    pool = engine.pool
    engine.pool = pool.recreate()
    # Whatever is given back from now on is of the old pool, and isn't kept.
    while engine.resting:
        with suppress(IndexError):
            engine.resting.pop().close()
    pool.dispose()


def as_bytes(value: Any) -> bytes | None:
    """What a driver gave for a payload."""
    if value is None:
        return None
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


class EngineDatabase:
    """Any database that SQLAlchemy knows."""

    def __init__(self, engine: Any) -> None:
        self.dialect = engine.dialect
        self._engine = own_engine(engine)

    def run(self, statement: Any, parameters: dict[str, Any]) -> Done:
        """One short transaction."""
        with self._transaction() as connection:
            result = connection.execute(statement, parameters)
            rows = result.fetchall() if result.returns_rows else ()
            return Done(result.rowcount, rows)

    def run_locked(self, look: Any, expected: bytes, change: Any, parameters: dict[str, Any]) -> bool | None:
        """For databases that don't compare binary columns, or don't say how many rows were found."""
        with self._transaction() as connection:
            names = connection.execute(look, parameters).fetchall()
            if not names:
                return None
            if as_bytes(names[0][0]) != expected:
                return False
            connection.execute(change, parameters)
            return True

    def has_table(self, table: Any) -> bool:
        """By SQLAlchemy's inspection."""
        with self._explained():
            return bool(sqlalchemy.inspect(self._engine).has_table(table.name, schema=table.schema))

    def create(self, table: Any) -> None:
        """Makes the table; that another worker does so at the same time is fine."""
        try:
            with self._explained():
                table.create(self._engine, checkfirst=True)
        except (Failed, Duplicate, Interrupted):
            if not self.has_table(table):
                raise

    def layout(self, table: Any) -> Layout:
        """By SQLAlchemy's inspection."""
        with self._explained():
            return layout_of(sqlalchemy.inspect(self._engine), table, self.dialect)

    def close(self) -> None:
        """Closes the pool's idle connections."""
        close_pool(self._engine)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._explained(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlalchemy.exc.SQLAlchemyError as error:
            if getattr(error, "connection_invalidated", False):
                raise Lost from error
            if is_interrupted(error):
                raise Interrupted from error
            if isinstance(error, sqlalchemy.exc.IntegrityError):
                raise Duplicate from error
            if is_without_table(error) or isinstance(error, sqlalchemy.exc.NoSuchTableError):
                raise Missing from error
            raise Failed from error
