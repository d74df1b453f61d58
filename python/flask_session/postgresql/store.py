"""Sessions as rows ``(session_id, created, data, expiry)``, each written on a condition, in one statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from ..exceptions import SessionCorrupt, SessionMisconfigured
from ..foreign import PlainStore
from . import statements
from .connections import Connections, MissingTable

if TYPE_CHECKING:
    from .._core import Codec, Mode, Record


PAGE = 1000
"""Keys that one statement of a listing gives."""


class PostgreSqlStore(PlainStore):
    """A table of PostgreSQL, through a pool of the application's.

    Whether a row is expired is decided by our clock, in UTC.
    """

    def __init__(self, pool: Any, table: str, schema: str) -> None:
        super().__init__(pool)
        self._connections = Connections(pool)
        schema_name = _quoted(schema)
        self._names = {
            "{table}": f"{schema_name}.{_quoted(table)}",
            "{schema}": schema_name,
            "{index}": _quoted(f"ix_{table}_expiry"),
        }

    @property
    def name(self) -> str:
        """``postgresql``."""
        return "postgresql"

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """``merge``: every statement has its condition."""
        return "merge"

    def get(self, key: str) -> bytes | None:
        """The stored bytes of a session that hasn't expired."""
        return _payload(self._run(statements.LOAD, key=key)[0])

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live."""
        rows = self._run(statements.EXAMINE, key=key)[0]
        payload = _payload(rows)
        if payload is None:
            return None
        expiry = rows[0]["expiry"] if isinstance(rows[0], dict) else rows[0][1]
        return payload, None if expiry is None else (expiry - _now()).total_seconds()

    def keys(self, prefix: str) -> Iterator[str]:
        """Every live key that begins with ``prefix``."""
        after = ""
        while True:
            page = {"after": after, "prefix": prefix, "length": len(prefix), "limit": PAGE}
            rows = self._run(statements.PAGE, **page)[0]
            found = [row["session_id"] if isinstance(row, dict) else row[0] for row in rows]
            yield from found
            if len(found) < PAGE:
                return
            after = found[-1]

    def server_time(self) -> float:
        """The server's clock, in seconds since 1970."""
        (row,) = self._run(statements.CLOCK)[0]
        return float(row["seconds"] if isinstance(row, dict) else row[0])

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there."""
        self._run(statements.PUT, key=key, data=payload, expiry=_expiry(ttl))

    def delete(self, key: str) -> bool:
        """Forgets ``key``."""
        return self._run(statements.DELETE, key=key)[1] > 0

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live."""
        return self._run(statements.TOUCH, key=key, expiry=_expiry(ttl))[1] > 0

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record, and its time to live restarted in the same statement."""
        if refresh is None:
            payload = self.get(key)
        else:
            payload = _payload(self._run(statements.REFRESH, key=key, expiry=_expiry(refresh))[0])
        return codec.record(payload) if payload else None

    def sweep(self, limit: int = 1000) -> int:
        """Removes up to ``limit`` expired rows, but none that somebody else holds."""
        return self._run(statements.SWEEP, limit=limit)[1]

    def _save(self, key: str, payload: bytes, mode: Mode, revision: bytes | None, ttl: float) -> bool:
        row = {"key": key, "data": payload, "expiry": _expiry(ttl)}
        if mode == "absent":
            return self._run(statements.SAVE_NEW, **row)[1] > 0
        if mode == "anything" or revision is None:
            return super()._save(key, payload, mode, revision, ttl)
        return self._run(statements.SAVE, **row, revision=revision)[1] > 0

    def _remove(self, key: str, mode: Mode, revision: bytes | None) -> str:
        if mode == "anything" or revision is None:
            return super()._remove(key, mode, revision)
        if self._run(statements.DELETE_REVISION, key=key, revision=revision)[1]:
            return "removed"
        return "absent" if self.get(key) is None else "conflict"

    def _run(self, statement: str, **parameters: Any) -> tuple[list[Any], int]:
        # In a statement with parameters a per cent sign begins one.
        text = self._filled(statement.replace("{here}", statements.HERE), "%%")
        parameters["now"] = _now()
        try:
            return self._connections.run(text, parameters)
        except MissingTable:
            self._make_table()
        try:
            return self._connections.run(text, parameters)
        except MissingTable:
            raise SessionMisconfigured(
                "the table for sessions in PostgreSQL vanishes as soon as it is made"
            ) from None

    def _make_table(self) -> None:
        make_table = self._filled(statements.MAKE_TABLE)
        try:
            self._connections.run(make_table)
        except MissingTable:
            # Not before it is known to be missing: making one needs a permission that few have.
            self._connections.run(self._filled(statements.MAKE_SCHEMA))
            self._connections.run(make_table)

    def _filled(self, statement: str, per_cent: str = "%") -> str:
        names = {mark: name.replace("%", per_cent) for mark, name in self._names.items()}
        return re.sub(r"\{\w+\}", lambda mark: names[mark[0]], statement)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _expiry(ttl: float) -> datetime:
    return _now() + timedelta(seconds=ttl)


def _payload(rows: list[Any]) -> bytes | None:
    if not rows:
        return None
    (row,) = rows
    # The application's cursors may give dicts.
    value = row["data"] if isinstance(row, dict) else row[0]
    if value is None:
        return None
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise SessionCorrupt(f"the column data is not binary but {type(value).__name__}")
    return bytes(value)
