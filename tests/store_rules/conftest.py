"""Every store that is driven through Python, opened on a real server."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from ways import MERGING, OVERWRITING, Place

from flask_session._core import Codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CODEC = Codec()


@dataclass
class Subject:
    """A store, and other ways to the same records, as other threads and processes have them."""

    way: str
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" in metafunc.fixturenames:
        # Those that overwrite promise nothing of two changes at once.
        ways = MERGING if "comparing" in metafunc.fixturenames else {**MERGING, **OVERWRITING}
        metafunc.parametrize("subject", ways, indirect=True)


@pytest.fixture
def subject(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Subject]:
    way = {**MERGING, **OVERWRITING}[request.param]
    with contextmanager(way)(Place(request, monkeypatch, tmp_path)) as (opened, expire):
        yield Subject(request.param, opened(), opened, expire)


@pytest.fixture
def comparing(subject: Subject) -> Subject:
    """A store that promises to keep both of two changes."""
    assert subject.store.guarantee == "merge"
    return subject
