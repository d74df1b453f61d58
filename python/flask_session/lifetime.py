"""How long sessions live, in seconds."""

from __future__ import annotations

from datetime import timedelta

_last = timedelta(), 0.0


def seconds(lifetime: timedelta) -> int:
    """A session's time to live: whole seconds as in Flask-Session, and never so few that a store refuses."""
    return max(int(total_seconds(lifetime)), 1)


def total_seconds(lifetime: timedelta) -> float:
    """``lifetime.total_seconds()``, remembered: an application has one timedelta for most of its requests."""
    global _last
    last = _last
    if last[0] is not lifetime:
        _last = last = lifetime, lifetime.total_seconds()
    return last[1]
