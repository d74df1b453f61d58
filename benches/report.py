"""Sums up rounds, and keeps them."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import machine
import page
from plan import PLAN, TARGETS

if TYPE_CHECKING:
    from plan import Case


@dataclass
class Spread:
    """The median of the rounds, and the quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g}-{self.high:.3g})"


def spread(values: list[float]) -> Spread:
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(statistics.median(values), low, high)


@dataclass
class Row:
    """One case on one store; times are microseconds for a request, and with threads for one of all."""

    name: str
    backend: str
    case: str
    kind: str
    size: int
    due: bool
    threads: int
    rounds: int
    rival: Spread
    ours: Spread
    limit: Spread | None
    rival_p99: float
    ours_p99: float
    ratio: Spread
    to_limit: Spread | None
    target: float | None

    def __str__(self) -> str:
        limit = f"limit {self.limit.median:8.1f}  {self.to_limit} x as long" if self.limit else ""
        missed = self.target is not None and self.ratio.median < self.target
        target = "" if self.target is None else f"  wanted {self.target:g}x" + " MISSED" * missed
        times = f"0.8.0 {self.rival.median:9.1f}  ours {self.ours.median:8.1f}"
        return f"{self.backend:24} {self.case:31} {times}  x {self.ratio!s:20}{target:20} {limit}"


def row(name: str, backend: str, case: Case, rounds: dict[str, list[dict[str, float]]]) -> Row:
    """One case's rounds, which lie beside each other in time."""

    def times(side: str) -> list[float]:
        if case.threads > 1:
            return [1e6 / one["per_second"] for one in rounds.get(side, [])]
        return [one["median"] for one in rounds.get(side, [])]

    rival, ours, limit = times("rival"), times("ours"), times("limit")
    return Row(
        name,
        backend,
        str(case),
        case.kind,
        case.size,
        case.due,
        case.threads,
        len(ours),
        spread(rival),
        spread(ours),
        spread(limit) if limit else None,
        statistics.median(one["p99"] for one in rounds["rival"]),
        statistics.median(one["p99"] for one in rounds["ours"]),
        spread([theirs / own for theirs, own in zip(rival, ours, strict=True)]),
        spread([own / bare for own, bare in zip(ours, limit, strict=True)]) if limit else None,
        TARGETS.get((name, case)),
    )


@dataclass
class Result:
    """All that a run has measured, and what of it failed."""

    rows: list[Row] = field(default_factory=list)
    others: dict[str, list[Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """What could not be measured, and why, in a line."""


def write(result: Result, kind: str) -> None:
    """Keeps the result as benches/results/KIND.json."""
    keep({"machine": machine.described(), **asdict(result)}, kind)


def keep(content: dict[str, Any], kind: str) -> None:
    page.RESULTS.mkdir(exist_ok=True)
    (page.RESULTS / f"{kind}.json").write_text(json.dumps(content, indent=1) + "\n")


def replace(result: Result, names: set[str]) -> None:
    """Puts what was measured again into the last whole result, in the order of a whole run."""
    whole = json.loads((page.RESULTS / "whole.json").read_text())
    now, new = machine.described(), asdict(result)
    order = list(PLAN)
    rows = [row for row in whole["rows"] if row["name"] not in names] + new["rows"]
    whole["rows"] = sorted(rows, key=lambda row: order.index(row["name"]))
    whole["others"] = {**whole["others"], **new["others"]}
    whole["failures"] = {
        **{name: why for name, why in whole["failures"].items() if name not in names},
        **new["failures"],
    }
    when = f"{now['date']}, {now['commit']}"
    whole["again"] = {**whole.get("again", {}), **dict.fromkeys(sorted(names), when)}
    keep(whole, "whole")
