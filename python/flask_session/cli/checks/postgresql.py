"""PostgreSQL through a pool of psycopg2's: the clock. The table is made with its index and its key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ...postgresql.store import PostgreSqlStore
from .finding import Finding, clock


def check(app: Any, interface: Any) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Findings about the server, through the application's pool."""
    store = interface._current_store()
    if isinstance(store, PostgreSqlStore):
        began = time.time()
        yield clock(store.server_time(), began)
