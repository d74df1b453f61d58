"""The table: its columns, making it, and finding out what is particular about one that is there."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import Column, DateTime, Integer, LargeBinary, Sequence, String
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

from .statements import Layout

SMALL_BLOBS = {"TINYBLOB": 255, "TINYTEXT": 255, "BLOB": 65_535, "TEXT": 65_535}
"""Bytes that MySQL's smaller types hold. Without its strict mode the rest is cut off."""


def columns(sequence: str | None) -> dict[str, Any]:
    """Flask-Session's columns."""
    # A type for each dialect of MySQL: a BLOB of 64 kB is too small, and its text ignores case.
    key = mysql.VARCHAR(255, charset="utf8mb4", collation="utf8mb4_bin")
    data = mysql.LONGBLOB()
    return {
        "id": Column(Integer, Sequence(sequence), primary_key=True)
        if sequence
        else Column(Integer, primary_key=True),
        "session_id": Column(
            String(255).with_variant(key, "mysql").with_variant(key, "mariadb"), unique=True
        ),
        "data": Column(LargeBinary().with_variant(data, "mysql").with_variant(data, "mariadb")),
        "expiry": Column(DateTime, index=True),
    }


def table_alone(name: str, schema: str | None, sequence: str | None) -> Any:
    """The table for a database that has no Flask-SQLAlchemy object."""
    made = columns(sequence)
    for label, column in made.items():
        column.name = column.key = label
    return sqlalchemy.Table(name, sqlalchemy.MetaData(), *made.values(), schema=schema)


def ddl(table: Any, dialect: Any) -> list[str]:
    """The statements that make ``table``, each harmless where it was made already."""
    sequences = [column.default for column in table.columns if isinstance(column.default, Sequence)]
    made: list[Any] = []
    if getattr(dialect, "supports_sequences", False):
        made += [CreateSequence(sequence, if_not_exists=True) for sequence in sequences]
    made.append(CreateTable(table, if_not_exists=True))
    # MySQL has no IF NOT EXISTS for an index; MariaDB has.
    careful = dialect.name in ("sqlite", "postgresql", "mariadb") or getattr(dialect, "is_mariadb", False)
    made += [
        CreateIndex(index, if_not_exists=careful)
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    return [str(element.compile(dialect=dialect)).strip() for element in made]


def layout_of(inspector: Any, table: Any, dialect: Any) -> Layout:
    """What is particular about the table that is there, by SQLAlchemy's inspection."""
    found = inspector.get_columns(table.name, schema=table.schema)
    unique = [entry["column_names"] for entry in inspector.get_unique_constraints(table.name, table.schema)]
    unique += [
        entry["column_names"] for entry in inspector.get_indexes(table.name, table.schema) if entry["unique"]
    ]
    unique.append(inspector.get_pk_constraint(table.name, table.schema)["constrained_columns"])
    number = next((column for column in found if column["name"] == "id"), None)
    data = next((column for column in found if column["name"] == "data"), None)
    numbers_rows, most = True, None
    if number is not None and dialect.name == "postgresql":
        numbers_rows = bool(number.get("default") or number.get("identity") or number["nullable"])
    elif number is not None and dialect.name in ("mysql", "mariadb"):
        numbers_rows = bool(
            number.get("autoincrement") is True or number.get("default") or number["nullable"]
        )
        most = SMALL_BLOBS.get(type(data["type"]).__name__) if data is not None else None
    if any(isinstance(column.default, Sequence) for column in table.columns):
        numbers_rows = True
    return Layout(["session_id"] in unique, numbers_rows, most)
