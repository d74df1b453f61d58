"""Whether a session can be written, read, extended, changed on a condition and removed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

from ..._core import Codec
from ...exceptions import SessionError
from ...guarded import store_failure
from .finding import Finding, advice, ok, problem

LIFE = 600.0
SIZES = (100, 20_000)
"""Bytes: a large record may be compared in another way than a small one."""


def check(app: Any, interface: Any) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Findings about the store, from a session of its own, which it removes."""
    store = interface._current_store()
    if store is None:
        yield advice(
            "store",
            "the sessions are in an object that can't be looked into",
            "see docs/backends/cachelib.md",
        )
        return
    key = interface._get_store_id(f"doctor-{secrets.token_urlsafe(24)}")
    began = time.monotonic()
    try:
        for size in SIZES:
            yield from _used(store, key, Codec(), size)
            store.delete(key)
        took = (time.monotonic() - began) * 1000
        if store.get(key) is not None:
            yield problem("store", "what was deleted is still there", "")
        yield ok("store", f"{store.name}: writing, reading and deleting work ({took:.0f} ms)")
    except Exception as error:
        told = store_failure(error) or error
        if not isinstance(told, SessionError):
            raise
        yield problem("store", str(told), "see docs/backends for what the store needs")
        return
    for warning, text in store.take_notices():
        yield problem("permissions", text, "see docs/backends") if warning else ok("permissions", text)
    yield _guarantee(interface)


def _used(store: Any, key: str, codec: Codec, size: int) -> Iterator[Finding]:
    first, second = (codec.encode({"doctor": letter * size}) for letter in "ab")
    if not store.replace(key, first, LIFE, None) or store.get(key) != first:
        yield problem("store", "what was written is not there", "")
        return
    if not store.replace(key, second, LIFE, first):
        yield problem("store", "a session could not be changed", "")
    store.load(codec, key, LIFE)
    if not store.touch(key, LIFE):
        yield problem("store", "the life of a session could not be extended", "")
    left = store.examine(key)[1]
    if left is not None and not 0 < left <= LIFE + 1:
        yield problem("store", f"a session that is to live {LIFE:.0f} s lives {left:.0f} s", "")


def _guarantee(interface: Any) -> Finding:
    if interface.guarantee == "merge":
        return ok("guarantee", "merge: requests at the same time keep each other's changes")
    if interface.on_conflict == "overwrite":
        reason, change = "as SESSION_ON_CONFLICT says", 'set SESSION_ON_CONFLICT = "merge"'
    else:
        reason, change = "the client, a hook or a permission allows no more", "see docs/backends"
    return advice("guarantee", f"overwrite: of two requests at once, the last one wins ({reason})", change)
