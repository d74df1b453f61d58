"""How often and how long each case is measured, so that a whole run ends within half an hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plan import TARGETS

if TYPE_CHECKING:
    from plan import Case

START = 4.0
"""Seconds in which a store and its processes start."""
A_SESSION = 0.0005
"""Seconds in which one session is made, on both sides together."""


@dataclass(frozen=True)
class Effort:
    """``rounds`` of so many seconds for each side. Quartiles need seven."""

    rounds: int
    seconds: float

    def for_sides(self, sides: int) -> float:
        """Seconds that a case takes."""
        return self.rounds * self.seconds * sides


QUICK = Effort(3, 0.15)
TELLING = Effort(9, 0.25)
USUAL = Effort(7, 0.15)
SERVED = Effort(7, 1)


def effort(name: str, case: Case, *, quick: bool) -> Effort:
    """More for what has a target."""
    if quick:
        return QUICK
    return TELLING if (name, case) in TARGETS and case.kind != "nobody" else USUAL
