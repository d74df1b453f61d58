"""How far a run has come, and how long it will still take."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress:
    """Steps with the seconds that each was said to take; the machine may be slower, by one factor for all."""

    def __init__(self, steps: int, seconds: float) -> None:
        self.steps, self.seconds = steps, seconds
        self.done, self.done_seconds = 0, 0.0
        self.begin = time.monotonic()

    @contextmanager
    def step(self, seconds: float) -> Iterator[None]:
        """One step; also one that fails is over."""
        try:
            yield
        finally:
            self.done += 1
            self.done_seconds += seconds

    def skip(self, seconds: list[float]) -> None:
        """Steps that won't be taken."""
        self.done += len(seconds)
        self.seconds -= sum(seconds)

    def __str__(self) -> str:
        taken = time.monotonic() - self.begin
        factor = taken / self.done_seconds if self.done_seconds else 1
        left = max(self.seconds - self.done_seconds, 0) * factor
        return f"[{self.done}/{self.steps}, {left / 60:.0f} min left]"
