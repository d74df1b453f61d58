"""Sessions as documents ``{id, val, expiration}``, through pymongo, each written on a condition."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..exceptions import SessionCorrupt
from ..foreign import PlainStore
from .failure import is_duplicate, is_refusal, translated

if TYPE_CHECKING:
    from .._core import Codec, Commit, Mode, Operation, Record

Result = TypeVar("Result")

SHORTEST_WAIT, LONGEST_WAIT = 0.002, 0.1
"""Bounds in seconds of the longest wait after the first and after many lost races."""

FIELDS = {"_id": False, "val": True, "expiration": True}
LAST = datetime(9998, 12, 31)
"""The last expiration that is written: MongoDB's dates have no zone, and this one can be read in each."""

_DUPLICATES = (
    "Sessions in MongoDB have no unique index on `id`, and none could be made (the same `id` is there twice, "
    "another index id_1 is, or a permission is missing): of two requests that make the same session, the "
    "last one wins. To repair it, delete those documents, drop the index id_1 and restart."
)
_NOTHING_EXPIRES = (
    "Sessions in MongoDB have no index that removes expired ones, and none could be made: run "
    "`flask session_cleanup` now and then, or drop the index expiration_1 and restart."
)


class MongoDBStore(PlainStore):
    """A collection of MongoDB, through pymongo's object for it, or one that behaves like it.

    ``collection`` gives it, for the process that asks. The indexes are made at the first write in a process.
    """

    def __init__(self, collection: Callable[[], Any]) -> None:
        super().__init__(None)
        self._collection = collection
        self._process: int | None = None
        self._unique = self._expires = True
        self._races = threading.local()

    @property
    def name(self) -> str:
        """``mongodb``."""
        return "mongodb"

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """``merge``, unless the unique index can't be made."""
        return "merge" if self._unique else "overwrite"

    def get(self, key: str) -> bytes | None:
        """The stored bytes of a session that hasn't expired."""
        return _payload(self._ask(lambda sessions: sessions.find_one(_live(key), FIELDS)))

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live."""
        document = self._ask(lambda sessions: sessions.find_one(_live(key), FIELDS))
        payload = _payload(document)
        if document is None or payload is None:
            return None
        expiration = document.get("expiration")
        if not isinstance(expiration, datetime):
            return payload, None
        return payload, (expiration.replace(tzinfo=None) - _now()).total_seconds()

    def keys(self, prefix: str) -> Iterator[str]:
        """Every live key that begins with ``prefix``."""
        wanted = {"id": {"$gte": prefix}, "expiration": {"$not": {"$lte": _now()}}}
        found = self._ask(lambda sessions: sessions.find(wanted, {"_id": False, "id": True}).sort("id", 1))
        for document in found:
            if not str(document["id"]).startswith(prefix):
                return
            yield document["id"]

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there."""
        self._write({"id": key}, payload, ttl, upsert=True)

    def delete(self, key: str) -> bool:
        """Forgets ``key``."""
        return self._forget(key, {})

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live."""
        change = {"$set": {"expiration": _expiration(ttl)}}
        return bool(self._ask(lambda sessions: sessions.update_one(_live(key), change).matched_count))

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record, and its time to live restarted in the same round trip."""
        if refresh is None:
            payload = self.get(key)
        else:
            change = {"$set": {"expiration": _expiration(refresh)}}
            payload = _payload(
                self._ask(lambda sessions: sessions.find_one_and_update(_live(key), change, FIELDS))
            )
        return codec.record(payload) if payload else None

    def commit(self, commit: Commit, ttl: float) -> None:
        """Performs the operations that ``commit`` asks for; waits a moment after each lost race."""
        self._races.lost = 0
        super().commit(commit, ttl)

    def sweep(self, limit: int = 1000) -> int:
        """Removes up to ``limit`` expired sessions where the server doesn't do it by its index."""
        self._prepare()
        if self._expires:
            return 0
        dead = {"expiration": {"$lte": _now()}}
        found = self._ask(
            lambda sessions: [one["_id"] for one in sessions.find(dead, {"_id": True}, limit=limit)]
        )
        if not found:
            return 0
        chosen = {"_id": {"$in": found}, **dead}
        return int(self._ask(lambda sessions: sessions.delete_many(chosen).deleted_count))

    def _perform(self, operation: Operation, ttl: float) -> Any:
        reply = super()._perform(operation, ttl)
        if operation[0] == "save" and not reply:
            lost = getattr(self._races, "lost", 0)
            time.sleep(random.uniform(0, min(SHORTEST_WAIT * 2**lost, LONGEST_WAIT)))  # noqa: S311
            self._races.lost = lost + 1
        return reply

    def _save(self, key: str, payload: bytes, mode: Mode, revision: bytes | None, ttl: float) -> bool:
        if mode == "revision" and revision is not None:
            return self._write({**_live(key), "val": _either(revision)}, payload, ttl)
        if mode != "absent":
            return self._write({"id": key}, payload, ttl, upsert=True)
        self._prepare()
        if self._unique:
            # An expired document is replaced; beside a live one the index forbids another.
            expired = {"id": key, "expiration": {"$lte": _now()}}
            return self._write(expired, payload, ttl, upsert=True, absent=True)
        if self.get(key) is not None:
            return False
        return self._write({"id": key}, payload, ttl, upsert=True)

    def _remove(self, key: str, mode: Mode, revision: bytes | None) -> str:
        expected = {} if mode != "revision" or revision is None else {"val": _either(revision)}
        if self._forget(key, expected):
            return "removed"
        return "conflict" if expected and self.get(key) is not None else "absent"

    def _write(
        self,
        wanted: dict[str, Any],
        payload: bytes,
        ttl: float,
        *,
        upsert: bool = False,
        absent: bool = False,
    ) -> bool:
        self._prepare()
        change = {"$set": {"val": payload, "expiration": _expiration(ttl)}}

        def write(sessions: Any) -> bool:
            try:
                updated = sessions.update_one(wanted, change, upsert=upsert)
            except Exception as error:
                if not is_duplicate(error):
                    raise
                if absent:
                    return False
                # Another request has made the document since; now there is one to write over.
                updated = sessions.update_one(wanted, change, upsert=upsert)
            return bool(updated.matched_count or updated.upserted_id is not None)

        return self._ask(write)

    def _forget(self, key: str, expected: dict[str, Any]) -> bool:
        self._prepare()
        removed = self._ask(lambda sessions: sessions.delete_one({**_live(key), **expected}).deleted_count)
        if removed and not self._unique:
            # Duplicates would bring the session back.
            self._ask(lambda sessions: sessions.delete_many({"id": key}))
        return bool(removed)

    def _prepare(self) -> None:
        """Makes the indexes, once in a process."""
        if self._process == os.getpid():
            return
        self._unique = self._makes("id", {"unique": True})
        if not self._unique:
            self._notices.append((True, _DUPLICATES))
            # Looking up a session must not take longer with each session that there is.
            self._makes("id", {})
        self._expires = self._makes("expiration", {"expireAfterSeconds": 0})
        if not self._expires:
            self._notices.append((True, _NOTHING_EXPIRES))
        self._process = os.getpid()

    def _makes(self, field: str, options: dict[str, Any]) -> bool:
        """Whether there is such an index; makes it if not."""
        try:
            self._collection().create_index(field, **options)
        except Exception as error:
            if not is_refusal(error):
                raise translated(error) from None
            return self._has(field, options)
        return True

    def _has(self, field: str, options: dict[str, Any]) -> bool:
        try:
            indexes = list(self._collection().index_information().values())
        except Exception as error:
            if not is_refusal(error):
                raise translated(error) from None
            return False
        for index in indexes:
            on_it = [name for name, _ in index["key"]] == [field]
            if on_it and "partialFilterExpression" not in index and all(index.get(name) for name in options):
                return True
            if on_it and "expireAfterSeconds" in options and "expireAfterSeconds" in index:
                return True
        return False

    def _ask(self, ask: Callable[[Any], Result]) -> Result:
        """What the collection answers; pymongo's errors become ours."""
        try:
            return ask(self._collection())
        except Exception as error:
            raise translated(error) from None


def _now() -> datetime:
    # Naive, in UTC: what MongoDB keeps.
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _expiration(ttl: float) -> datetime:
    try:
        return min(_now() + timedelta(seconds=ttl), LAST)
    except OverflowError:
        return LAST


def _live(key: str) -> dict[str, Any]:
    """The document of a session that has not expired; without a date, as of 0.4 to 0.6, it never does."""
    return {"id": key, "expiration": {"$not": {"$lte": _now()}}}


def _either(payload: bytes) -> Any:
    """What a ``val`` with these bytes may be: binary, or text, which an own serializer wrote."""
    try:
        return {"$in": [payload, payload.decode()]}
    except UnicodeDecodeError:
        return payload


def _payload(document: dict[str, Any] | None) -> bytes | None:
    value = document.get("val") if document is not None else b""
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        raise SessionCorrupt(f"the document's val is not binary but {type(value).__name__}")
    return bytes(value) or None
