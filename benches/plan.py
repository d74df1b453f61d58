"""What is measured on which store, and what we aim at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import backends
from payloads import LARGE, MEDIUM, SMALL


@dataclass(frozen=True)
class Case:
    """One kind of request. ``due``: our touch interval is over, so the session's life must be extended."""

    kind: str
    size: int = SMALL
    due: bool = False
    threads: int = 1

    def __str__(self) -> str:
        words = [self.kind, {SMALL: "200 B", MEDIUM: "2 kB", LARGE: "64 kB"}[self.size]]
        words += ["due"] * self.due + [f"{self.threads} threads"] * (self.threads > 1)
        return ", ".join(words)


USUAL = [
    *(Case("read"), Case("read", due=True), Case("modify"), Case("new")),
    *(Case("untouched"), Case("untouched", due=True), Case("nobody")),
]
LARGER = [
    *(Case("read", MEDIUM, due=True), Case("modify", MEDIUM), Case("new", MEDIUM)),
    *(Case("read", LARGE, due=True), Case("read all", LARGE, due=True), Case("modify", LARGE)),
]
THREADED = [Case("read", due=True, threads=8), Case("modify", threads=8)]
# Without the session interface. On Redis only.
PAST_IT = [Case("load and save"), Case("load and save", threads=8)]
CHANGES = [Case("read"), Case("modify"), Case("new")]

Start = Callable[[], AbstractContextManager[backends.Backend]]

PLAN: dict[str, tuple[Start, list[Case]]] = {
    "redis": (backends.redis, [*USUAL, Case("read all"), *LARGER, *THREADED, *PAST_IT]),
    "redis-unix": (backends.redis_unix, USUAL),
    "memcached": (backends.memcached, [*USUAL, *LARGER, *THREADED]),
    "pylibmc": (backends.pylibmc, USUAL),
    # With eight threads 0.8.0 loses the very session that is measured.
    "files-1": (partial(backends.files, 1), [*USUAL, *LARGER]),
    "files-500": (partial(backends.files, 500), CHANGES),
    "files-5000": (partial(backends.files, 5_000), CHANGES),
    "files-50000": (partial(backends.files, 50_000), CHANGES),
    "sqlite": (backends.sqlite, [*USUAL, *LARGER, *THREADED]),
    "postgresql": (backends.postgresql, [*USUAL, *LARGER, *THREADED]),
    "mariadb": (backends.mariadb, [*USUAL, *LARGER, *THREADED]),
    "mongodb-1": (partial(backends.mongodb, 1), [*USUAL, *LARGER]),
    "mongodb-5000": (partial(backends.mongodb, 5_000), USUAL),
}
FILLED = {"files-500": 500, "files-5000": 5_000, "files-50000": 50_000}
"""How many sessions are made, one after the other, before anything is measured."""
QUICK = ("redis", "memcached", "files-500", "sqlite", "postgresql", "mariadb", "mongodb-5000")
QUICK_CASES = {
    *(*USUAL, Case("read", LARGE, due=True), Case("modify", LARGE)),
    *(Case("modify", threads=8), *PAST_IT),
}

TARGETS: dict[tuple[str, Case], float] = {
    ("redis", Case("read")): 6,
    ("redis", Case("new")): 4,
    ("redis", Case("modify")): 3,
    ("redis", Case("untouched")): 50,
    ("redis", Case("untouched", due=True)): 6,
    **{(name, Case("nobody")): 10 for name in PLAN},
    ("redis", Case("read", LARGE, due=True)): 8,
    ("redis", Case("modify", LARGE)): 4,
    ("redis", Case("load and save", threads=8)): 7,
    **{(name, Case("read")): 30 for name in ("postgresql", "mariadb")},
    **{(name, Case("read", due=True)): 12 for name in ("postgresql", "mariadb")},
    **{(name, Case("modify")): 10 for name in ("postgresql", "mariadb")},
    ("sqlite", Case("read")): 40,
    ("sqlite", Case("modify")): 4,
    ("memcached", Case("read")): 3,
    ("files-1", Case("read")): 12,
    ("files-1", Case("modify")): 2.5,
    ("files-50000", Case("new")): 100,
    ("mongodb-5000", Case("read")): 50,
}
"""How many times as fast as Flask-Session 0.8.0 we want to be."""
