"""Reading the engine that the application has: whether native connections can stand in for it.

Only what is understood completely is translated: SQLAlchemy's own classes, unpatched, a driver whose
arguments all have a native counterpart, and nobody who listens to connections or statements. Else
``translate`` says in words why not.
"""

from __future__ import annotations

from pathlib import Path
from types import FunctionType
from typing import Any

import sqlalchemy
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from ..translation import Native, Untranslatable
from .drivers import READERS, Unknown

_DATABASES = ("postgresql", "mysql", "mariadb")
_STRANGE = "'\\\0"
_COLUMNS = {"id", "session_id", "data", "expiry"}
_STATEMENTS = (
    *("engine_connect", "begin", "commit", "rollback"),
    *("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute"),
)
_HOME = str(Path(sqlalchemy.__file__).parent)


def translate(engine: Any, table: Any) -> Native | Untranslatable:
    """What native connections to the engine's database need, or why there can be none."""
    if type(engine) is not Engine:
        return Untranslatable(f"its engine is a {type(engine).__module__}.{type(engine).__qualname__}")
    dialect = engine.dialect
    if dialect.name == "sqlite":
        return Untranslatable("SQLite is left to Python's sqlite3")
    read = READERS.get(dialect.driver)
    ours = type(dialect).__module__.startswith("sqlalchemy.dialects.") and dialect.name in _DATABASES
    if read is None or not ours or getattr(dialect, "is_async", False):
        return Untranslatable(f"{dialect.name} with {dialect.driver} has no native counterpart")
    if type(engine.pool) is not QueuePool:
        return Untranslatable(f"its pool is a {type(engine.pool).__qualname__}")
    if set(f"{table.schema}{table.name}") & set(_STRANGE):
        return Untranslatable("the name of its table has a quotation mark or a backslash in it")
    if {column.name for column in table.columns} != _COLUMNS:
        return Untranslatable(f"the table {table.name} has columns of its own")
    if engine.get_execution_options().get("schema_translate_map"):
        return Untranslatable("it translates schemas")
    strange = _replaced(engine) or _listener(engine)
    if strange is not None:
        return Untranslatable(strange)
    try:
        return read(_arguments(engine.pool))
    except Unknown as unknown:
        return Untranslatable(str(unknown))


def _arguments(pool: Any) -> dict[str, Any]:
    """What the driver is called with, where only SQLAlchemy's own function that calls it has it."""
    creator = pool._creator
    if not _is_ours(creator):
        raise Unknown("its connections are made by a function of the application")
    free = _free(creator)
    positional, named = free.get("cargs_tup", free.get("cargs", ())), free.get("cparams")
    if any(positional) or named is None:
        raise Unknown("its driver's arguments can't be read")
    return dict(named)


def _replaced(engine: Any) -> str | None:
    """A function that isn't the library's any more: tracing tools and mocks do that."""
    dialect, driver = engine.dialect, engine.dialect.dbapi
    for thing, names in (
        (engine, ("connect", "raw_connection")),
        (dialect, ("connect", "do_execute")),
        (engine.pool, ("connect",)),
    ):
        for name in names:
            if name in vars(thing) or not _is_ours(getattr(type(thing), name)):
                return f"{name} of its {type(thing).__qualname__} was replaced"
    if not _is_ours(Connection.execute):
        return "execute of its Connection was replaced"
    connect = getattr(driver.connect, "__func__", driver.connect)
    if type(connect) is not type and not _is_from(connect, str(Path(driver.__file__).parent)):
        return f"{driver.__name__}.connect was replaced"
    return None


def _listener(engine: Any) -> str | None:
    """Somebody who makes connections, prepares them, or watches what is sent over them."""
    for events, names in (
        (engine.pool.dispatch, ("connect", "first_connect", "checkout", "checkin")),
        (engine.dialect.dispatch, ("do_connect",)),
        (engine.dispatch, _STATEMENTS),
    ):
        for name in names:
            if not all(_is_ours(_unwrapped(listener)) for listener in getattr(events, name)):
                return f"somebody listens to its event {name}"
    return None


def _unwrapped(function: Any) -> Any:
    """The function in SQLAlchemy's wrappers; those for single calls and for statements hide it."""
    while _is_ours(function):
        free = _free(function)
        inner = free.get("fn", free.get("orig_fn"))
        if inner is None:
            break
        function = inner
    return function


def _free(function: Any) -> dict[str, Any]:
    cells = getattr(function, "__closure__", None) or ()
    return {name: cell.cell_contents for name, cell in zip(function.__code__.co_freevars, cells, strict=True)}


def _is_ours(function: Any) -> bool:
    return _is_from(getattr(function, "__func__", function), _HOME)


def _is_from(function: Any, folder: str) -> bool:
    # The code object's file: a wrapper made with functools.wraps carries the original's module and name.
    return type(function) is FunctionType and function.__code__.co_filename.startswith(folder)
