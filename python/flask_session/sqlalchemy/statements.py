"""The statements on the table of sessions. Each one that expects something checks it itself, in one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlalchemy import DateTime, LargeBinary, String, bindparam, cast, func, select

AT_ONCE = 500
"""Rows that one statement of a sweep removes."""

BYTEWISE = ("sqlite", "mysql", "mariadb")
"""Dialects whose columns may compare text without regard to case: their keys are compared as bytes, too."""
COMPARING = (*BYTEWISE, "postgresql", "cockroachdb", "mssql")
"""Dialects that compare binary columns and count the rows that an UPDATE found."""


@dataclass(frozen=True)
class Layout:
    """What is particular about a table; those made by hand differ from ours."""

    unique: bool = True
    """Whether no two rows can have one ``session_id``."""
    numbers_rows: bool = True
    """Whether the database makes the ``id`` of a new row."""
    most: int | None = None
    """The most bytes that fit into ``data``, where that isn't much."""


class Statements:
    """All that is said to one table."""

    def __init__(self, table: Any, dialect: str, layout: Layout) -> None:
        columns = table.c
        moment = bindparam("now", type_=DateTime())
        wanted: Any = columns.session_id == bindparam("wanted", type_=String())
        if dialect in BYTEWISE:
            # The first comparison finds the row by its index, the second tells upper from lower case.
            wanted = sqlalchemy.and_(
                wanted,
                cast(columns.session_id, LargeBinary) == bindparam("wanted_bytes", type_=LargeBinary()),
            )
        stored = cast(columns.data, LargeBinary) if dialect == "sqlite" else columns.data
        unchanged = stored == bindparam("old", type_=LargeBinary())
        live = sqlalchemy.or_(columns.expiry.is_(None), columns.expiry > moment)
        dead = columns.expiry <= moment
        entry = {
            "data": bindparam("new_data", type_=LargeBinary()),
            "expiry": bindparam("new_expiry", type_=DateTime()),
        }
        self.layout = layout
        self.bytewise = dialect in BYTEWISE
        self.compares = dialect in COMPARING
        update, delete = sqlalchemy.update(table), sqlalchemy.delete(table)
        self.load = select(columns.data).where(wanted, live)
        self.examine = select(columns.data, columns.expiry).where(wanted, live)
        self.page = (
            select(columns.session_id)
            .where(live, columns.session_id >= bindparam("after", type_=String()))
            .order_by(columns.session_id)
            .limit(AT_ONCE)
        )
        self.load_locked = select(columns.data).where(wanted, live).with_for_update()
        self.touch = update.where(wanted, live).values(expiry=entry["expiry"])
        self.swap = update.where(wanted, live, unchanged).values(**entry)
        self.overwrite = update.where(wanted).values(**entry)
        self.revive = update.where(wanted, dead).values(**entry)
        self.delete = delete.where(wanted)
        self.delete_live = delete.where(wanted, live)
        self.delete_unchanged = delete.where(wanted, live, unchanged)
        self.insert = _insert(table, wanted, entry, layout)
        self.find_dead = select(columns.session_id).where(dead).limit(AT_ONCE)
        self.delete_dead = delete.where(
            dead,
            columns.session_id.in_(
                self.find_dead if dialect == "sqlite" else bindparam("keys", type_=String(), expanding=True)
            ),
        )

    def key(self, key: str) -> dict[str, Any]:
        """The parameters that name a row."""
        return {"wanted": key, "wanted_bytes": key.encode()} if self.bytewise else {"wanted": key}


def _insert(table: Any, wanted: Any, entry: dict[str, Any], layout: Layout) -> Any:
    """A new row, unless one of its key is there: the constraint says so, or else the statement."""
    key = bindparam("wanted", type_=String())
    if layout.unique and layout.numbers_rows:
        return sqlalchemy.insert(table).values(session_id=key, **entry)
    names = ["session_id", "data", "expiry"]
    values: list[Any] = [key, entry["data"], entry["expiry"]]
    if not layout.numbers_rows:
        # From an alias: MySQL inserts nothing that it reads from the very same name.
        rows = table.alias("numbered")
        names.insert(0, "id")
        values.insert(0, select(func.coalesce(func.max(rows.c.id), 0) + 1).scalar_subquery())
    there = select(table.c.session_id).where(wanted).exists()
    return sqlalchemy.insert(table).from_select(names, select(*values).where(~there))
