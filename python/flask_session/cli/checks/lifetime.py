"""How long sessions live, and who removes them afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .finding import Finding, advice, ok, problem

SHORT = 60


def check(app: Any, interface: Any) -> Iterator[Finding]:
    """Findings about the settings of time."""
    lifetime = app.permanent_session_lifetime.total_seconds()
    if lifetime < 1:
        yield problem(
            "lifetime", "sessions end at once", "set PERMANENT_SESSION_LIFETIME to a second or more"
        )
    elif lifetime < SHORT:
        yield advice(
            "lifetime", f"sessions end after {lifetime:.0f} s", "set PERMANENT_SESSION_LIFETIME to more"
        )
    else:
        yield ok("lifetime", f"sessions live for {lifetime:.0f} s after they were used")
    interval = interface.touch_interval
    if interval is not None and interval > lifetime / 2:
        yield problem(
            "lifetime",
            f"lives are extended only every {interval:.0f} s: a session in use may end",
            "set SESSION_TOUCH_INTERVAL to less than half of PERMANENT_SESSION_LIFETIME, or None",
        )
    store = interface._current_store()
    removes = store.expires if hasattr(store, "expires") else interface.ttl and interface._store_expires
    if store is not None and not removes and not interface.cleanup_n_requests:
        yield advice(
            "lifetime",
            "nothing removes expired sessions from the store",
            "run `flask session cleanup` from a scheduler, or set SESSION_CLEANUP_N_REQUESTS",
        )
