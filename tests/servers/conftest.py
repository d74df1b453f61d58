"""The combinations of the table, and the sum of what was tried."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import pytest
from table import ALL, SHORT

from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Tried:
    """What all tests together have done and met."""

    servers: set[str] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    combinations: int = 0
    requests: int = 0
    wrong_answers: int = 0
    hangs: int = 0
    leaked_connections: int = 0
    leaked_processes: int = 0

    def __str__(self) -> str:
        counts = {name: value for name, value in asdict(self).items() if isinstance(value, int)}
        sums = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items())
        return f"figures: {len(self.servers)} servers x {len(self.stores)} stores, {sums}"


TRIED = Tried()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"server", "store"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("server", "store"), ALL if os.environ.get("SERVERS") == "all" else SHORT)


@pytest.fixture
def tried() -> Tried:
    return TRIED


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Celery's own Redis, so that its connections are not taken for sessions'."""
    server = RedisServer().start()
    yield server.url()
    server.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TRIED.combinations:
        terminalreporter.write_line(str(TRIED))
