"""Redis: what it does when its memory is full, whether it survives a restart, its clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from .finding import Finding, advice, clock, ok, problem


def check(app: Any, interface: Any) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Findings about the server, through redis-py."""
    client = interface.client
    began = time.time()
    seconds, microseconds = client.time()
    yield clock(seconds + microseconds / 1e6, began)
    information = client.info()
    policy, limit = information["maxmemory_policy"], information["maxmemory"]
    if not limit:
        yield ok("eviction", f"no maxmemory is set; the policy {policy} has no effect")
    elif policy == "noeviction":
        yield advice(
            "eviction",
            f"at {limit} bytes Redis refuses to write: new sessions then fail",
            "watch its memory; keep sessions in a Redis of their own",
        )
    else:
        yield problem(
            "eviction",
            f"at {limit} bytes Redis removes live sessions (maxmemory-policy {policy}): their owners are "
            "logged out",
            "keep sessions in a Redis of their own, with maxmemory-policy noeviction",
        )
    if not information.get("aof_enabled") and not information.get("rdb_last_save_time"):
        yield advice("persistence", "a restart of Redis logs everybody out", "enable appendonly, or save")
