"""MongoDB: the two indexes, the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timezone
from typing import Any

from .finding import Finding, clock, ok, problem


def check(app: Any, interface: Any) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Findings about the collection, through pymongo."""
    configured = interface._configured
    if not isinstance(configured, str):
        yield from _findings(interface.store, interface.db)
        return
    from pymongo import MongoClient

    with MongoClient[Any](configured) as client:
        database = interface._database_of(client)
        yield from _findings(database[interface._collection], database)


def _findings(collection: Any, database: Any) -> Iterator[Finding]:
    indexes = list(collection.index_information().values())
    if any(index.get("unique") for index in indexes if _is_on(index, "id")):
        yield ok("indexes", "`id` is unique")
    else:
        yield problem(
            "indexes",
            "`id` is not unique: of two requests that make the same session, the last one wins",
            'remove documents with the same id, and make it: createIndex({"id": 1}, {"unique": true})',
        )
    if any("expireAfterSeconds" in index for index in indexes if _is_on(index, "expiration")):
        yield ok("indexes", "expired sessions are removed by an index")
    else:
        yield problem(
            "indexes",
            "no index removes expired sessions",
            'make it: createIndex({"expiration": 1}, {"expireAfterSeconds": 0})',
        )
    began = time.time()
    told = database.command("hello").get("localTime")
    if told is not None:
        yield clock(told.replace(tzinfo=told.tzinfo or timezone.utc).timestamp(), began)


def _is_on(index: dict[str, Any], field: str) -> bool:
    return [name for name, _ in index["key"]] == [field]
