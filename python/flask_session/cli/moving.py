"""Copying one session from a place to another, and counting what came of it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..exceptions import SessionCorrupt, SessionTooLarge, SessionUnsupported, StoreRefused
from ..serializer import encode

if TYPE_CHECKING:
    from .places import Place

TOLERANCE = 2.0
"""Seconds between the ends of two lives that count as equal: stores round."""

WRITTEN, SAME, NEWER, CHANGED, GONE = "written", "same", "newer", "changed", "gone"
"""What became of a session. Anything else is why it could not be read."""

_WORDS = {
    SAME: "already there",
    NEWER: "newer in the target",
    CHANGED: "changed meanwhile",
    GONE: "expired meanwhile",
}


@dataclass
class Tally:
    """The counts of one run."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def count(self, outcome: str | Exception) -> None:
        """Counts one session."""
        if isinstance(outcome, Exception):
            self.reasons[str(outcome)] += 1
        else:
            self.counts[outcome] += 1

    def lines(self, dry_run: bool) -> list[str]:
        """The counts in words."""
        skipped = {words: self.counts[outcome] for outcome, words in _WORDS.items() if self.counts[outcome]}
        details = ", ".join(f"{number} {words}" for words, number in skipped.items())
        return [
            f"{self.counts.total() + self.reasons.total()} read",
            f"{self.counts[WRITTEN]} {'to be written' if dry_run else 'written'}",
            f"{sum(skipped.values())} skipped" + (f" ({details})" if details else ""),
            f"{self.reasons.total()} unreadable",
        ]


@dataclass
class Move:
    """From where, to where, and how."""

    source: Place
    target: Place
    overwrite: bool = False
    dry_run: bool = False

    def one(self, key: str) -> str | Exception:
        """Copies the session under ``key``; the error if it can't be read there or written here.

        Which of two sessions is newer, the ends of their lives tell: each request moves them.
        """
        try:
            found = self.source.store.examine(key)
            if found is None:
                return GONE
            data = self.source.decoded(found[0])
            if data is None:
                return GONE
            payload = encode(self.target.serializer, data)
        except (SessionCorrupt, SessionUnsupported, StoreRefused) as error:
            return error
        if isinstance(payload, str):
            payload = payload.encode()
        left = self.source.lifetime if found[1] is None else found[1]
        return self._write(self.target.prefix + key[len(self.source.prefix) :], payload, left, found[0])

    def _write(self, key: str, payload: bytes, left: float, original: bytes) -> str | Exception:
        ttl = max(math.ceil(left), 1)
        there = self.target.store.examine(key)
        if there is not None:
            known = there[1] is not None
            later = known and left > there[1] + TOLERANCE
            if there[0] == payload:
                if later and not self.dry_run:
                    self.target.store.touch(key, ttl)
                return SAME
            # What holds the very bytes that were read is the same record, or a copy that nobody has used.
            if there[0] != original and not later and not self.overwrite:
                return NEWER
        if self.dry_run:
            return WRITTEN
        try:
            expected = None if there is None else there[0]
            return WRITTEN if self.target.store.replace(key, payload, ttl, expected) else CHANGED
        except (SessionTooLarge, SessionUnsupported) as error:
            return error
