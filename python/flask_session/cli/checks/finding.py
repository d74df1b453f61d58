"""What a check found."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "advice", "problem"]

LARGEST_CLOCK_DIFFERENCE = 5.0
"""Seconds beyond which two clocks differ."""


@dataclass(frozen=True)
class Finding:
    """One sentence about one subject, and what to change, which setting included."""

    level: Level
    subject: str
    text: str
    change: str = ""

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding("ok", subject, text)


def advice(subject: str, text: str, change: str) -> Finding:
    """Works, and could be better; or could not be looked into."""
    return Finding("advice", subject, text, change)


def problem(subject: str, text: str, change: str) -> Finding:
    """Loses sessions, or gives them away, or will."""
    return Finding("problem", subject, text, change)


def clock(server_time: float, began: float) -> Finding:
    """Compares a server's clock (seconds since 1970) with ours; ``began``: ours before it was asked."""
    now = time.time()
    difference = max(began - server_time, server_time - now, 0.0)
    if difference > LARGEST_CLOCK_DIFFERENCE:
        return problem(
            "clock",
            f"the server's clock and this machine's differ by {difference:.0f} s: sessions end so much "
            "too early or too late",
            "set both by NTP",
        )
    return ok("clock", "the server's clock and this machine's agree")
