"""A database: the table, its constraint and index, the size of its columns, the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from .finding import Finding, advice, clock, ok, problem

BLOB = 65_535
"""Bytes that a BLOB of MySQL holds."""
_DRIVERS = {"postgresql": ("psycopg2", "psycopg"), "mysql": ("pymysql", "MySQLdb")}
_CLOCKS = {
    "postgresql": "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
    "mysql": "SELECT UNIX_TIMESTAMP(NOW(6))",
    "mariadb": "SELECT UNIX_TIMESTAMP(NOW(6))",
}


def check(app: Any, interface: Any) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Findings about the table, through SQLAlchemy."""
    if interface.client is not None:
        yield from _findings(interface._open_sql_store(interface.client)._engine(), interface)
        return
    if interface._url.startswith("sqlite"):
        # Python's copy of SQLite must not open in this process what ours has open: both lose their locks.
        yield ok("table", "is in a file that this package opened itself, and was not looked into")
        return
    engine = _engine_at(interface._url)
    try:
        yield from _findings(engine, interface)
    finally:
        engine.dispose()


def _engine_at(url: str) -> Any:
    """An engine with the first driver that is there."""
    import sqlalchemy
    from sqlalchemy.engine import make_url

    parts = make_url(url)
    drivers = _DRIVERS.get(parts.drivername, ())
    for driver in drivers:
        if find_spec(driver) is not None:
            return sqlalchemy.create_engine(parts.set(drivername=f"{parts.drivername}+{driver}"))
    if drivers:
        raise ModuleNotFoundError(f"none of {', '.join(drivers)} is installed")
    return sqlalchemy.create_engine(parts)


def _findings(engine: Any, interface: Any) -> Iterator[Finding]:
    import sqlalchemy

    table, schema = interface.table, interface.schema
    inspector = sqlalchemy.inspect(engine)
    if not inspector.has_table(table, schema):
        yield problem("table", f"there is no table {table}", "run `flask session init-db`")
        return
    unique = [found["column_names"] for found in inspector.get_unique_constraints(table, schema)]
    indexes = inspector.get_indexes(table, schema)
    unique += [index["column_names"] for index in indexes if index["unique"]]
    unique.append(inspector.get_pk_constraint(table, schema)["constrained_columns"])
    if ["session_id"] in unique:
        yield ok("indexes", "session_id is unique")
    else:
        yield problem(
            "indexes",
            "session_id is not unique: each lookup reads the whole table, and a session may be there twice",
            f"CREATE UNIQUE INDEX {table}_session_id ON {table} (session_id)",
        )
    if any(index["column_names"][:1] == ["expiry"] for index in indexes):
        yield ok("indexes", "expired sessions are found by an index")
    else:
        yield advice(
            "indexes",
            "expiry has no index: removing expired sessions reads the whole table",
            f"CREATE INDEX {table}_expiry ON {table} (expiry)",
        )
    yield from _sizes(engine.dialect.name, inspector.get_columns(table, schema), table)
    if engine.dialect.name in _CLOCKS:
        with engine.connect() as connection:
            began = time.time()
            told = connection.execute(sqlalchemy.text(_CLOCKS[engine.dialect.name])).scalar_one()
        yield clock(float(told), began)


def _sizes(dialect: str, columns: Any, table: str) -> Iterator[Finding]:
    kinds = {column["name"]: column["type"] for column in columns}
    length = getattr(kinds["session_id"], "length", None)
    if length is not None and length < 255:
        yield advice(
            "table",
            f"session_id holds {length} characters only: a longer prefix or id does not fit",
            "make it VARCHAR(255)",
        )
    kind = type(kinds["data"]).__name__.upper()
    if dialect in ("mysql", "mariadb") and kind in ("BLOB", "TINYBLOB"):
        most = BLOB if kind == "BLOB" else 255
        yield problem(
            "table",
            f"data is a {kind}, which holds {most} bytes: larger sessions are refused",
            f"ALTER TABLE {table} MODIFY data LONGBLOB",
        )
    else:
        yield ok("table", f"data is a {kind}")
