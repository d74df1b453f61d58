"""The three databases, through SQLAlchemy in both apps, as the test sees them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy

from compat.differential.backends import LIFE, SIDES, Backend, Side, Stored, _naive

if TYPE_CHECKING:
    from collections.abc import Iterable


class Database(Backend):
    """One table for each side, or one file where `uris` differ."""

    def __init__(self, name: str, uris: dict[Side, str], suffix: str) -> None:
        self.name = name
        self.uris = uris
        self.tables = {side: f"{'theirs' if side == '0.8.0' else 'ours'}_{suffix}" for side in SIDES}
        self.engines = {
            side: sqlalchemy.create_engine(uris[side], isolation_level="AUTOCOMMIT") for side in SIDES
        }
        self.connections: dict[Side, Any] = {}

    def settings(self, side: Side) -> dict[str, Any]:
        place = {"SQLALCHEMY_DATABASE_URI": self.uris[side], "SESSION_SQLALCHEMY_TABLE": self.tables[side]}
        return {"SESSION_TYPE": "sqlalchemy", **place}

    def execute(self, side: Side, statement: str, **values: Any) -> Any:
        if side not in self.connections:
            self.connections[side] = self.engines[side].connect()
        return self.connections[side].execute(
            sqlalchemy.text(statement.format(table=self.tables[side])), values
        )

    def exists(self, side: Side) -> bool:
        return sqlalchemy.inspect(self.engines[side]).has_table(self.tables[side])

    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        try:
            rows = self.execute(side, "SELECT session_id, data, expiry FROM {table}").fetchall()
        except sqlalchemy.exc.DBAPIError:
            if self.exists(side):
                raise
            return {}  # made at the first use
        now = _naive(0)
        found = {}
        for key, data, expiry in rows:
            moment = datetime.datetime.fromisoformat(expiry) if isinstance(expiry, str) else expiry
            found[key] = Stored(bytes(data), None if moment is None else (moment - now).total_seconds())
        return found

    def put(self, side: Side, key: str, payload: bytes) -> None:
        if not self.exists(side):
            return
        self.execute(side, "DELETE FROM {table} WHERE session_id = :key", key=key)
        insert = "INSERT INTO {table} (session_id, data, expiry) VALUES (:key, :data, :expiry)"
        self.execute(side, insert, key=key, data=payload, expiry=self.moment(LIFE))

    def age(self, side: Side, key: str, seconds: int) -> None:
        update = "UPDATE {table} SET expiry = :expiry WHERE session_id = :key"
        self.execute(side, update, key=key, expiry=self.moment(seconds))

    def never_expire(self, side: Side, key: str) -> None:
        """Takes the row's expiry away, as 0.4 and 0.5 wrote rows."""
        self.execute(side, "UPDATE {table} SET expiry = NULL WHERE session_id = :key", key=key)

    def moment(self, seconds: int) -> Any:
        if self.name == "sqlite":
            return str(_naive(seconds))
        return _naive(seconds)

    def clear(self, side: Side, keys: Iterable[str]) -> None:
        if self.exists(side):
            self.execute(side, "DELETE FROM {table}")

    def close(self) -> None:
        for side, connection in self.connections.items():
            if self.exists(side):
                self.execute(side, "DROP TABLE {table}")
            connection.close()
        for engine in self.engines.values():
            engine.dispose()
