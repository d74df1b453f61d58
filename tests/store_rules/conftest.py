"""Every store that is driven through Python, opened on a real server."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy

from databases import uri_of
from flask_session._core import Codec
from flask_session.foreign import PlainStore, RedisStyleStore
from flask_session.sqlalchemy import statements, store
from flask_session.sqlalchemy.store import SqlStore
from flask_session.sqlalchemy.table import table_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from redis_server import RedisServer

CODEC = Codec()


@dataclass
class Subject:
    """A store, and other ways to the same records, as other threads and processes have them."""

    store: Any
    beside: Callable[[], Any]
    expire: Callable[[], None]
    """What was saved for one second is then gone."""
    key: str = field(default_factory=lambda: f"session:{uuid.uuid4().hex}")

    def operate(self, *operation: Any, ttl: float = 100.0, store: Any = None) -> Any:
        """One operation of a commit."""
        return (store or self.store)._perform(operation, ttl)

    def save(self, payload: bytes, mode: str, revision: bytes | None = None, **options: Any) -> bool:
        key = options.pop("key", self.key)
        return self.operate("save", key, payload, mode, revision, **options)

    def delete(self, mode: str, revision: bytes | None = None, **options: Any) -> str:
        return self.operate("delete", self.key, mode, revision, **options)

    def get(self) -> bytes | None:
        return self.store.get(self.key)


REDIS_STORES = {"redis_style": RedisStyleStore, "plain": PlainStore}
SQL_STORES = [
    "sqlite_file",
    "sqlite_memory",
    "postgresql",
    "postgresql_locking",
    "mariadb",
    "mariadb_locking",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" in metafunc.fixturenames:
        # PlainStore promises nothing of two changes at once.
        stores = ["redis_style", *SQL_STORES]
        if "comparing" not in metafunc.fixturenames:
            stores.append("plain")
        metafunc.parametrize("subject", stores, indirect=True)


@pytest.fixture
def subject(
    request: pytest.FixtureRequest,
    shared_redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Subject]:
    kind = request.param
    if kind in REDIS_STORES:
        server = shared_redis_server
        opened_anew = lambda: REDIS_STORES[kind](server.client())  # noqa: E731
        yield Subject(opened_anew(), opened_anew, lambda: time.sleep(1.1))
        return
    if kind.endswith("_locking"):
        # As with a dialect of which nothing is known.
        monkeypatch.setattr(statements, "COMPARING", ())
    engines = []
    name = f"sessions_{uuid.uuid4().hex[:10]}"

    def opened() -> SqlStore:
        memory = kind == "sqlite_memory"
        if not (memory and engines):
            uri = uri_of(kind.removesuffix("_locking"), request, tmp_path)
            pool = {"poolclass": sqlalchemy.pool.StaticPool, "connect_args": {"check_same_thread": False}}
            engines.append(sqlalchemy.create_engine(uri, **(pool if memory else {})))
        engine = engines[-1]
        return SqlStore(lambda: engine, table_alone(name, None, None), lambda: None, creates=True)

    def pass_time() -> None:
        late = store._now() + timedelta(seconds=2.5)
        monkeypatch.setattr(store, "_now", lambda: late)

    yield Subject(opened(), opened, pass_time)
    for engine in engines:
        engine.dispose()


@pytest.fixture
def comparing(subject: Subject) -> Subject:
    """A store that promises to keep both of two changes."""
    assert subject.store.guarantee == "merge"
    return subject
