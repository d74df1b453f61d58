"""Sums up rounds, prints and keeps them, and draws the plots of docs/performance.md."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plan import TARGETS

if TYPE_CHECKING:
    from plan import Case

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


@dataclass
class Spread:
    """The median of the rounds, and the quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g}x ({self.low:.3g}-{self.high:.3g})"


def spread(values: list[float]) -> Spread:
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(statistics.median(values), low, high)


@dataclass
class Row:
    """One case on one store; times are microseconds for a request, and with threads for one of all."""

    name: str
    backend: str
    case: str
    rival: float
    ours: float
    limit: float | None
    rival_p99: float
    ours_p99: float
    ratio: Spread
    to_limit: Spread | None
    target: float | None

    def __str__(self) -> str:
        limit = f"limit {self.limit:8.1f}  {self.to_limit} of it" if self.limit else ""
        target = "" if self.target is None else f"  wanted {self.target:g}x" + " MISSED" * self.missed
        times = f"0.8.0 {self.rival:9.1f}  ours {self.ours:8.1f}"
        return f"{self.backend:24} {self.case:26} {times}  {self.ratio!s:24}{target:20} {limit}"

    @property
    def missed(self) -> bool:
        return self.target is not None and self.ratio.median < self.target


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
        statistics.median(rival),
        statistics.median(ours),
        statistics.median(limit) if limit else None,
        statistics.median(one["p99"] for one in rounds["rival"]),
        statistics.median(one["p99"] for one in rounds["ours"]),
        spread([theirs / own for theirs, own in zip(rival, ours, strict=True)]),
        spread([own / bare for own, bare in zip(ours, limit, strict=True)]) if limit else None,
        TARGETS.get((name, case)),
    )


@dataclass
class Result:
    rows: list[Row] = field(default_factory=list)
    codec: list[Any] = field(default_factory=list)
    served: list[Any] = field(default_factory=list)
    starting: list[Any] = field(default_factory=list)


def machine() -> dict[str, str]:
    """What the figures depend on."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    commit = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": subprocess.run(commit, capture_output=True, text=True, check=False).stdout.strip(),
        "processor": f"{os.cpu_count()} x {model[0].partition(':')[2].strip()}" if model else "unknown",
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    head = (
        "store",
        "request",
        "0.8.0",
        "ours",
        "times as fast",
        "wanted",
        "bare round trips",
        "times as long",
    )
    lines = [head, ("---",) * len(head)]
    for one in rows:
        wanted = "" if one.target is None else f"{one.target:g}x{', missed' * one.missed}"
        limit = ("", "") if one.limit is None else (f"{one.limit:.1f}", str(one.to_limit))
        times = (f"{one.rival:.1f}", f"{one.ours:.1f}", str(one.ratio))
        lines.append((one.backend, one.case, *times, wanted, *limit))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(result: Result, kind: str) -> None:
    """Keeps the result as benches/results/KIND.json, and as KIND.md to be read."""
    RESULTS.mkdir(exist_ok=True)
    where = machine()
    (RESULTS / f"{kind}.json").write_text(json.dumps({"machine": where, **asdict(result)}, indent=1) + "\n")
    others = "\n".join(str(line) for line in [*result.served, *result.starting, *result.codec])
    text = f"{', '.join(where.values())}; microseconds.\n\n{table(result.rows)}\n\n```\n{others}\n```\n"
    (RESULTS / f"{kind}.md").write_text(text)
    missed = sum(one.missed for one in result.rows)
    wanted = sum(one.target is not None for one in result.rows)
    print(f"{wanted - missed} of {wanted} targets met; written to benches/results/{kind}.md")
