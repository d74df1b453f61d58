"""Each backend as the test sees it: what the two apps configure, and the records that they left.

Both sides keep their sessions on one server, each in its own database, table or folder.
"""

from __future__ import annotations

import datetime
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import redis

    from memcached_server import MemcachedServer

Side = Literal["0.8.0", "ours"]
SIDES: tuple[Side, Side] = ("0.8.0", "ours")
LIFE = 100_000


@dataclass
class Stored:
    """A record at rest. `seconds` is what it has left to live, None for ever."""

    payload: bytes
    seconds: float | None


class Backend(ABC):
    """Where the sessions of both sides lie."""

    name: str
    pickled = False
    """Whether 0.8.0's records are pickles, whatever SESSION_SERIALIZATION_FORMAT says."""

    @abstractmethod
    def settings(self, side: Side) -> dict[str, Any]:
        """What an app of that side configures, in JSON."""

    @abstractmethod
    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        """All live records; at least those under `keys`, where the backend can't list."""

    @abstractmethod
    def put(self, side: Side, key: str, payload: bytes) -> None:
        """Writes a record behind the app's back, alive for LIFE seconds."""

    @abstractmethod
    def age(self, side: Side, key: str, seconds: int) -> None:
        """Lets a record live for `seconds` more; negative if it is to have expired."""

    @abstractmethod
    def clear(self, side: Side, keys: Iterable[str]) -> None:
        """Removes all records, like `records`."""

    def close(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Lets go of the server."""


class Redis(Backend):
    name = "redis"

    def __init__(self, server: Any) -> None:
        self.server = server
        self.stores: dict[Side, redis.Redis] = {side: server.client(self.database(side)) for side in SIDES}

    def database(self, side: Side) -> int:
        return 10 + SIDES.index(side)

    def settings(self, side: Side) -> dict[str, Any]:
        return {"REDIS": self.server.url(self.database(side))}

    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        store = self.stores[side]
        names = list(store.keys("*"))
        pipe = store.pipeline(transaction=False)
        for name in names:
            pipe.get(name)
            pipe.pttl(name)
        told = pipe.execute()
        return {
            name.decode(): Stored(payload, life / 1000 if life >= 0 else None)
            for name, payload, life in zip(names, told[::2], told[1::2], strict=True)
            if payload is not None
        }

    def put(self, side: Side, key: str, payload: bytes) -> None:
        self.stores[side].set(key, payload, ex=LIFE)

    def age(self, side: Side, key: str, seconds: int) -> None:
        self.stores[side].pexpire(key, seconds * 1000)

    def clear(self, side: Side, keys: Iterable[str]) -> None:
        self.stores[side].flushdb()

    def close(self) -> None:
        for store in self.stores.values():
            store.close()


class CacheLib(Redis):
    """cachelib's RedisCache, which writes pickles behind an exclamation mark."""

    name = "cachelib"
    pickled = True

    def database(self, side: Side) -> int:
        return 12 + SIDES.index(side)

    def settings(self, side: Side) -> dict[str, Any]:
        return {"SESSION_TYPE": "cachelib", "CACHELIB_REDIS": [self.server.port, self.database(side)]}

    def put(self, side: Side, key: str, payload: bytes) -> None:
        super().put(side, key, b"!" + payload)

    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        found = super().records(side, keys)
        for stored in found.values():
            stored.payload = stored.payload.removeprefix(b"!")
        return found


class Memcached(Backend):
    name = "memcached"

    def __init__(self, server: MemcachedServer) -> None:
        import pymemcache

        self.address = server.address
        self.client = pymemcache.Client(server.address, default_noreply=False)

    def settings(self, side: Side) -> dict[str, Any]:
        return {
            "SESSION_TYPE": "memcached",
            "MEMCACHED": self.address,
            "MEMCACHED_LIBRARY": "memcache",
            "SESSION_KEY_PREFIX": self.prefix(side),
        }

    def prefix(self, side: Side) -> str:
        return f"{side}:"

    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        found = {}
        for key in keys:
            # A meta command, which tells the item's life, too.
            answer = self.client.raw_command(f"mg {key} t v", b"\r\n")
            if answer.startswith(b"EN"):
                continue
            words = answer.split()
            payload = self.client.get(key)
            life = int(words[2][1:])
            found[key] = Stored(payload, float(life) if life >= 0 else None)
        return found

    def put(self, side: Side, key: str, payload: bytes) -> None:
        self.client.set(key, payload, expire=LIFE)

    def age(self, side: Side, key: str, seconds: int) -> None:
        self.client.touch(key, expire=seconds)

    def clear(self, side: Side, keys: Iterable[str]) -> None:
        self.client.delete_many(list(keys))

    def close(self) -> None:
        self.client.close()


class MongoDB(Backend):
    name = "mongodb"

    def __init__(self, server: Any) -> None:
        self.server = server
        self.databases: dict[Side, str] = {side: server.database_name() for side in SIDES}
        self.stores = {side: server.own_client[self.databases[side]]["sessions"] for side in SIDES}

    def settings(self, side: Side) -> dict[str, Any]:
        place = {"MONGODB": self.server.url, "SESSION_MONGODB_DB": self.databases[side]}
        return {"SESSION_TYPE": "mongodb", **place}

    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        return {
            document["id"]: Stored(bytes(document["val"]), (document["expiration"] - now).total_seconds())
            for document in self.stores[side].find()
        }

    def put(self, side: Side, key: str, payload: bytes) -> None:
        entry = {"val": payload, "expiration": _naive(LIFE)}
        self.stores[side].update_one({"id": key}, {"$set": entry}, upsert=True)

    def age(self, side: Side, key: str, seconds: int) -> None:
        self.stores[side].update_one({"id": key}, {"$set": {"expiration": _naive(seconds)}})

    def clear(self, side: Side, keys: Iterable[str]) -> None:
        self.stores[side].delete_many({})


class DynamoDB(Backend):
    name = "dynamodb"

    def __init__(self, server: Any) -> None:
        self.server = server
        self.tables: dict[Side, str] = {side: server.table_name() for side in SIDES}
        self.resource = server.resource()

    def settings(self, side: Side) -> dict[str, Any]:
        place = {"DYNAMODB": self.server.address, "SESSION_DYNAMODB_TABLE": self.tables[side]}
        return {"SESSION_TYPE": "dynamodb", **place}

    def items(self, side: Side) -> list[dict[str, Any]]:
        try:
            items: list[dict[str, Any]] = self.resource.Table(self.tables[side]).scan()["Items"]
        except self.resource.meta.client.exceptions.ResourceNotFoundException:
            return []  # made at the first use
        return items

    def records(self, side: Side, keys: Iterable[str]) -> dict[str, Stored]:
        now = time.time()
        return {
            item["id"]: Stored(bytes(item["val"]), float(item["expiration"]) - now)
            for item in self.items(side)
        }

    def put(self, side: Side, key: str, payload: bytes) -> None:
        self.resource.Table(self.tables[side]).put_item(
            Item={"id": key, "val": payload, "expiration": int(time.time()) + LIFE}
        )

    def age(self, side: Side, key: str, seconds: int) -> None:
        self.resource.Table(self.tables[side]).update_item(
            Key={"id": key},
            UpdateExpression="SET expiration = :expiration",
            ExpressionAttributeValues={":expiration": int(time.time()) + seconds},
        )

    def clear(self, side: Side, keys: Iterable[str]) -> None:
        for item in self.items(side):
            self.resource.Table(self.tables[side]).delete_item(Key={"id": item["id"]})


def _naive(seconds: float) -> Any:
    """A moment `seconds` from now, in UTC without saying so, as 0.8.0 writes it."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    return now + datetime.timedelta(seconds=seconds)
