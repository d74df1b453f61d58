"""``SqlStore``: sessions in a table, through SQLAlchemy and the application's driver."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

from .._core import Codec, Commit, Record, too_large
from ..exceptions import SessionContended, SessionMisconfigured, StoreUnreachable
from .engines import Database, EngineDatabase, Failed, Missing, as_bytes
from .failures import Duplicate, Interrupted, Lost, explained
from .sqlite import SqliteDatabase, is_sqlite
from .statements import AT_ONCE, Statements
from .table import ddl

if TYPE_CHECKING:
    from .._core import Mode, Operation

Answer = TypeVar("Answer")
Work = Callable[[Database, Statements], Answer]

TRIES = 6
"""How often an operation that the database interrupts (a deadlock, a serialization failure) is tried."""
LAST = datetime(9999, 12, 31, 23, 59, 59)
"""The last second that every database knows."""


class _Opened:
    """A database that this process uses, and the statements, once the table is known to be there."""

    def __init__(self, engine: Any, database: Database) -> None:
        self.engine = engine
        self.database = database
        self.statements: Statements | None = None


class SqlStore:
    """Compares and writes in one statement. Nothing is opened before the first use in a process.

    ``engine``: gives the engine to use in this context. ``session``: gives the SQLAlchemy session that the
    application has in it, or None; used for nothing but SQLite, see ``sqlite.py``. ``creates``: whether a
    missing table is made.
    """

    def __init__(
        self, engine: Callable[[], Any], table: Any, session: Callable[[], Any], *, creates: bool
    ) -> None:
        self.table = table
        self._engine = engine
        self._session = session
        self._creates = creates
        self._process = os.getpid()
        self._opened: dict[int, _Opened] = {}
        self._inherited: list[Any] = []

    @property
    def name(self) -> str:
        """The backend, for messages."""
        return "sqlalchemy"

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """``merge``."""
        return "merge"

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record; ``refresh`` restarts its time to live. Raises SessionCorrupt."""
        payload = self._load(key, refresh)
        return codec.record(payload) if payload else None

    def get(self, key: str) -> bytes | None:
        """The stored bytes."""
        return self._load(key, None)

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live; None there: for ever."""

        def work(database: Database, statements: Statements) -> tuple[bytes, float | None] | None:
            rows = database.run(statements.examine, {**statements.key(key), "now": _now()}).rows
            payload = as_bytes(rows[0][0]) if rows else None
            if payload is None:
                return None
            expiry = datetime.fromisoformat(str(rows[0][1])) if rows[0][1] is not None else None
            return payload, None if expiry is None else (expiry.replace(tzinfo=None) - _now()).total_seconds()

        return self._do("examine", work)

    def replace(self, key: str, payload: bytes, ttl: float, expected: bytes | None) -> bool:
        """Writes if what is there is still ``expected``; None: if nothing is."""
        mode: Mode = "absent" if expected is None else "revision"
        return self._do("save", self._save(key, payload, mode, expected, ttl), repeats=False)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every live key that begins with ``prefix``."""
        after, seen = "", set[str]()

        def work(database: Database, statements: Statements) -> list[str]:
            return [row[0] for row in database.run(statements.page, {"now": _now(), "after": after}).rows]

        while True:
            found = self._do("list", work)
            yield from (key for key in found if key not in seen and key.startswith(prefix))
            if len(found) < AT_ONCE:
                return
            # A column may take upper for lower case: the last one's equals come once more.
            after, seen = found[-1], set(found)

    def _load(self, key: str, refresh: float | None) -> bytes | None:
        def work(database: Database, statements: Statements) -> bytes | None:
            row = {**statements.key(key), "now": _now()}
            rows = database.run(statements.load, row).rows
            if not rows:
                return None
            if refresh is not None:
                found = database.run(statements.touch, {**row, "new_expiry": _expiry(refresh)}).found
                if not found:
                    return None
            return as_bytes(rows[0][0])

        return self._do("load", work)

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live; False if there is nothing to keep."""

        def work(database: Database, statements: Statements) -> bool:
            row = {**statements.key(key), "now": _now(), "new_expiry": _expiry(ttl)}
            return database.run(statements.touch, row).found > 0

        return self._do("touch", work)

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there."""
        self._do("save", self._save(key, payload, "anything", None, ttl))

    def delete(self, key: str) -> bool:
        """Forgets ``key``; deleting twice is fine."""
        return self._do("delete", self._delete(key, "anything", None)) == "removed"

    def commit(self, commit: Commit, ttl: float) -> None:
        """Performs the operations that ``commit`` asks for."""
        reply: Any = None
        while (operation := commit.next(reply)) is not None:
            try:
                reply = self._perform(operation, ttl)
            except Lost as error:
                # Perhaps it was carried out: the commit looks.
                reply = error

    def _perform(self, operation: Operation, ttl: float) -> Any:
        if operation[0] == "load":
            return self._load(operation[1], None)
        if operation[0] == "touch":
            return self.touch(operation[1], ttl)
        if operation[0] == "save":
            _, key, payload, mode, revision = operation
            return self._do("save", self._save(key, payload, mode, revision, ttl), repeats=False)
        _, key, mode, revision = operation
        return self._do("delete", self._delete(key, mode, revision), repeats=False)

    def _save(self, key: str, payload: bytes, mode: Mode, revision: bytes | None, ttl: float) -> Work[bool]:
        def work(database: Database, statements: Statements) -> bool:
            most = statements.layout.most
            if most is not None and len(payload) > most:
                raise too_large(
                    f"the column data of {self.table.name}",
                    size=len(payload),
                    limit=most,
                    remedy="make that column a LONGBLOB",
                )
            named = statements.key(key)
            now = {"now": _now()}
            new = {"new_data": payload, "new_expiry": _expiry(ttl)}
            if mode == "revision" and revision is not None:
                if statements.compares:
                    return database.run(statements.swap, {**named, **now, **new, "old": revision}).found > 0
                row = {**named, **now, **new}
                return bool(database.run_locked(statements.load_locked, revision, statements.overwrite, row))
            if mode == "anything" and database.run(statements.overwrite, {**named, **new}).found:
                return True
            try:
                if database.run(statements.insert, {**named, **new}).found:
                    return True
            except Duplicate:
                pass
            if mode == "anything":
                raise Interrupted
            if database.run(statements.revive, {**named, **now, **new}).found:
                return True
            if database.run(statements.load, {**named, **now}).rows:
                return False
            # Either it was deleted in between, or another row has the id that we chose.
            raise Interrupted

        return work

    def _delete(self, key: str, mode: Mode, revision: bytes | None) -> Work[str]:
        def work(database: Database, statements: Statements) -> str:
            row = {**statements.key(key), "now": _now()}
            if mode == "anything" or revision is None:
                return "removed" if database.run(statements.delete_live, row).found else "absent"
            if not statements.compares:
                removed = database.run_locked(statements.load_locked, revision, statements.delete, row)
                return {None: "absent", False: "conflict", True: "removed"}[removed]
            if database.run(statements.delete_unchanged, {**row, "old": revision}).found:
                return "removed"
            return "conflict" if database.run(statements.load, row).rows else "absent"

        return work

    def sweep(self, limit: int = 1000) -> int:
        """Removes up to ``limit`` expired records, some hundred in one transaction, and says how many."""

        def work(database: Database, statements: Statements) -> int:
            if database.dialect.name == "sqlite" and isinstance(database, SqliteDatabase):
                return database.run(statements.delete_dead, {"now": _now()}).found
            moment = {"now": _now()}
            keys = [row[0] for row in database.run(statements.find_dead, moment).rows]
            return database.run(statements.delete_dead, {**moment, "keys": keys}).found if keys else 0

        removed = 0
        while removed < limit:
            found = self._do("sweep", work)
            removed += found
            if found < AT_ONCE:
                break
        return removed

    @property
    def shares_a_connection(self) -> bool:
        """Whether the application's connection is the only one there is: SQLite in memory."""
        database = self._open().database
        return isinstance(database, SqliteDatabase) and database.is_shared

    def ddl(self) -> list[str]:
        """The statements that make the table."""
        return ddl(self.table, self._engine().dialect)

    def create(self) -> bool:
        """Makes the table; False if it was there already."""
        database = self._open().database
        try:
            if database.has_table(self.table):
                return False
            database.create(self.table)
        except Failed as failed:
            self._explain("create", failed)
        return True

    def take_notices(self) -> list[tuple[bool, str]]:
        """Nothing."""
        return []

    def _do(self, operation: str, work: Work[Answer], *, repeats: bool = True) -> Answer:
        """``repeats``: whether it may be done again though it perhaps was done already."""
        opened = self._open()
        lost = made = False
        for attempt in range(TRIES):
            if attempt:
                # Long enough for the other to be done, short enough to hold up nobody.
                time.sleep(random.uniform(0.001, 0.01) * attempt)  # noqa: S311
            try:
                return work(opened.database, opened.statements or self._prepared(opened))
            except Failed as failed:
                self._explain(operation, failed)
            except (Interrupted, Duplicate):
                continue
            except Lost:
                if not repeats and opened.statements is not None:
                    raise
                if lost:
                    raise StoreUnreachable(
                        f"{self.name}: {operation}: the connection to the database broke twice"
                    ) from None
                lost = True
            except Missing:
                if made:
                    raise SessionMisconfigured(_without_table(self.table)) from None
                # Dropped since; tests do that.
                opened.statements = None
                made = True
        raise SessionContended(
            f"{self.name}: {operation}: the database gave way to other transactions {TRIES} times, or "
            f"another row of {self.table.name} stands in the way"
        )

    def _explain(self, operation: str, failed: Failed) -> NoReturn:
        error = failed.__cause__ or failed
        # What the database says of a statement may quote the row; of a connection, it is what one needs.
        shown = error if getattr(error, "statement", None) is None else None
        raise explained(error, self.name, operation) from shown

    def _prepared(self, opened: _Opened) -> Statements:
        database = opened.database
        if not database.has_table(self.table):
            if not self._creates:
                raise SessionMisconfigured(_without_table(self.table))
            database.create(self.table)
        layout = database.layout(self.table)
        opened.statements = Statements(self.table, database.dialect.name, layout)
        return opened.statements

    def _open(self) -> _Opened:
        if os.getpid() != self._process:
            # The parent's connections: not ours to use, nor to close.
            self._inherited.append(self._opened)
            self._opened = {}
            self._process = os.getpid()
        engine = self._engine()
        opened = self._opened.get(id(engine))
        if opened is None or opened.engine is not engine:
            database: Database = (
                SqliteDatabase(engine, self._session) if is_sqlite(engine) else EngineDatabase(engine)
            )
            opened = self._opened[id(engine)] = _Opened(engine, database)
        return opened


def _without_table(table: Any) -> str:
    return (
        f"the database has no table {table.name} for sessions: run `flask session init-db`, or make it in a "
        "migration; `flask session init-db --sql` prints the statements"
    )


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _expiry(ttl: float) -> datetime:
    try:
        return min(_now() + timedelta(seconds=ttl), LAST)
    except OverflowError:
        return LAST
