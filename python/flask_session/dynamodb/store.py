"""Sessions as items ``{id, val, expiration}``, each written on a condition, in one step."""

from __future__ import annotations

import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..exceptions import SessionCorrupt
from ..foreign import PlainStore
from .failure import LARGEST, asking, code_of, is_missing_table, too_large_for_an_item
from .table import missing, prepare

if TYPE_CHECKING:
    from .._core import Codec, Commit, Mode, Operation, Record

Result = TypeVar("Result")

SHORTEST_WAIT, LONGEST_WAIT = 0.002, 0.1
"""Bounds in seconds of the longest wait after the first and after many lost races."""

_NAMES = len("idvalexpiration")
_NUMBER = 21  # bytes that a number takes at most
_LIVING = "attribute_exists(id) AND (attribute_not_exists(expiration) OR expiration > :now)"
_ABSENT = "attribute_not_exists(id) OR expiration <= :now"


class DynamoDBStore(PlainStore):
    """A table of DynamoDB, through boto3's object for it.

    ``prepares``: makes the table and enables its time to live where they are missing, at the first use in
    a process.
    """

    def __init__(self, table: Any, *, prepares: bool = True) -> None:
        super().__init__(table)
        self._prepares = prepares
        self._process: int | None = None
        self._races = threading.local()

    @property
    def name(self) -> str:
        """``dynamodb``."""
        return "dynamodb"

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """``merge``: DynamoDB writes on conditions."""
        return "merge"

    def get(self, key: str) -> bytes | None:
        """The stored bytes of a session that hasn't expired."""
        item = self._item(key)
        return _payload(item) if item is not None and _lives(item) else None

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live."""
        item = self._item(key)
        if item is None or not _lives(item):
            return None
        ends = _ends(item)
        return _payload(item), None if ends is None else ends - time.time()

    def keys(self, prefix: str) -> Iterator[str]:
        """Every live key that begins with ``prefix``. Reads the whole table."""
        asked: dict[str, Any] = {"ProjectionExpression": "id, expiration", "ConsistentRead": True}
        if prefix:
            asked |= {
                "FilterExpression": "begins_with(id, :prefix)",
                "ExpressionAttributeValues": {":prefix": prefix},
            }
        while True:
            answer = self._ask(self.client.scan, **asked)
            yield from (item["id"] for item in answer["Items"] if _lives(item))
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there."""
        self._write(key, payload, ttl)

    def delete(self, key: str) -> bool:
        """Forgets ``key``; False if what was there had expired."""
        answer = self._ask(self.client.delete_item, Key={"id": key}, ReturnValues="ALL_OLD")
        item = answer.get("Attributes")
        return bool(item) and _lives(item)

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live."""
        return self._refreshed(key, ttl) is not None

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record, and its time to live restarted in the same round trip."""
        if refresh is None:
            payload = self.get(key)
        else:
            item = self._refreshed(key, refresh)
            payload = _payload(item) if item is not None else None
        return codec.record(payload) if payload else None

    def commit(self, commit: Commit, ttl: float) -> None:
        """Performs the operations that ``commit`` asks for; waits a moment after each lost race.

        Over a network, and without waiting, some of many writers of one session would lose every time.
        """
        self._races.lost = 0
        super().commit(commit, ttl)

    def _perform(self, operation: Operation, ttl: float) -> Any:
        reply = super()._perform(operation, ttl)
        if operation[0] == "save" and not reply:
            lost = getattr(self._races, "lost", 0)
            time.sleep(random.uniform(0, min(SHORTEST_WAIT * 2**lost, LONGEST_WAIT)))  # noqa: S311
            self._races.lost = lost + 1
        return reply

    def _save(self, key: str, payload: bytes, mode: Mode, revision: bytes | None, ttl: float) -> bool:
        if mode == "absent":
            return self._write(key, payload, ttl, ConditionExpression=_ABSENT, values={":now": _now()})
        if mode == "revision" and revision is not None:
            # Whether it expired between its being read and now doesn't matter: somebody is using it.
            return self._write(key, payload, ttl, ConditionExpression="val = :old", values={":old": revision})
        return self._write(key, payload, ttl)

    def _remove(self, key: str, mode: Mode, revision: bytes | None) -> str:
        if mode != "revision" or revision is None:
            return super()._remove(key, mode, revision)
        removed = self._if_so(
            self.client.delete_item,
            Key={"id": key},
            ConditionExpression="val = :old",
            ExpressionAttributeValues={":old": revision},
        )
        if removed is not None:
            return "removed"
        return "absent" if self.get(key) is None else "conflict"

    def _item(self, key: str) -> dict[str, Any] | None:
        answer = self._ask(self.client.get_item, Key={"id": key}, ConsistentRead=True)
        item: dict[str, Any] | None = answer.get("Item")
        return item

    def _write(
        self,
        key: str,
        payload: bytes,
        ttl: float,
        values: dict[str, Any] | None = None,
        **condition: str,
    ) -> bool:
        size = len(key.encode()) + len(payload) + _NAMES + _NUMBER
        if size > LARGEST:
            raise too_large_for_an_item(size)
        answer = self._if_so(
            self.client.update_item,
            Key={"id": key},
            UpdateExpression="SET val = :value, expiration = :expiration",
            ExpressionAttributeValues={":value": payload, ":expiration": _expiration(ttl), **(values or {})},
            **condition,
        )
        return answer is not None

    def _refreshed(self, key: str, ttl: float) -> dict[str, Any] | None:
        """The item with its time to live restarted, or None if there is no live one."""
        answer = self._extend(key, ttl, _LIVING, {":now": _now()})
        if answer is not None:
            return answer
        # Perhaps one whose expiration Flask-Session wrote wrongly: it lives longer than it says.
        item = self._item(key)
        if item is None or not _lives(item):
            return None
        return self._extend(key, ttl, "expiration = :seen", {":seen": item["expiration"]})

    def _extend(self, key: str, ttl: float, condition: str, values: dict[str, Any]) -> dict[str, Any] | None:
        answer = self._if_so(
            self.client.update_item,
            Key={"id": key},
            UpdateExpression="SET expiration = :expiration",
            ConditionExpression=condition,
            ExpressionAttributeValues={":expiration": _expiration(ttl), **values},
            ReturnValues="ALL_NEW",
        )
        if answer is None:
            return None
        item: dict[str, Any] = answer["Attributes"]
        return item

    def _if_so(self, call: Callable[..., Result], **parameters: Any) -> Result | None:
        """The answer, or None if the condition did not hold."""
        try:
            return self._ask(call, **parameters)
        except Exception as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return None

    def _ask(self, call: Callable[..., Result], **parameters: Any) -> Result:
        """One request, after what the first one in a process needs."""
        if self._process != os.getpid():
            if self._process is not None:
                # After a fork: the parent's connections are the parent's.
                self.client.meta.client.close()
            if self._prepares:
                self._notices += prepare(self.client)
            self._process = os.getpid()
        try:
            return asking(call, **parameters)
        except Exception as error:
            if not is_missing_table(error):
                raise
            if not self._prepares:
                raise missing(self.client) from error
        # Somebody has removed the table since.
        self._notices += prepare(self.client)
        return asking(call, **parameters)


def _now() -> int:
    return int(time.time())


def _expiration(ttl: float) -> int:
    return math.ceil(time.time() + ttl)


def _payload(item: dict[str, Any]) -> bytes:
    value = item.get("val")
    value = getattr(value, "value", value)
    if not isinstance(value, (bytes, bytearray)):
        raise SessionCorrupt(f"the attribute val is not binary but {type(value).__name__}")
    return bytes(value)


def _lives(item: dict[str, Any]) -> bool:
    """Whether an item has not expired. DynamoDB removes those that have up to two days later."""
    ends = _ends(item)
    return ends is None or ends > time.time()


def _ends(item: dict[str, Any]) -> float | None:
    """When an item expires; None: never."""
    expiration = item.get("expiration")
    if expiration is None:
        return None
    if not isinstance(expiration, Decimal):
        raise SessionCorrupt(f"the attribute expiration is not a number but {type(expiration).__name__}")
    moment = float(expiration)
    if expiration % 1:
        # With a fraction it is Flask-Session's, which took the time in UTC for the time of this place.
        moment = datetime.fromtimestamp(moment).replace(tzinfo=timezone.utc).timestamp()
    return moment
