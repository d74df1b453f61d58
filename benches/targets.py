"""What we aim at, beside what a run has measured, which is given as its JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Content = dict[str, Any]
Figure = dict[str, float]

OF_LIMIT = {("redis", "read, 200 B"): 1.6, ("mongodb-5000", "read, 200 B"): 1.3}
"""How many times as long as the same exchange over a bare socket a request may take."""
SERVED = {("sync", "read"): (1.8, 0.8), ("gthread", "read"): (1.65, 0.88)}
"""Requests per second, to 0.8.0's and to those of a page without session."""
CODEC = 0.9
"""Of msgspec's speed on MessagePack, with 2 kB."""
STARTING = {"by URL": 1.0, "by object": 1.1}
"""Time and memory up to the first answer, to 0.8.0's."""


@dataclass
class Target:
    """One figure that we want, at least or at most."""

    what: str
    wanted: float
    measured: Figure
    at_most: bool = False

    @property
    def met(self) -> bool:
        median = self.measured["median"]
        return median <= self.wanted if self.at_most else median >= self.wanted

    @property
    def bound(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.wanted:g}"


def targets(content: Content) -> list[Target]:
    """Those for which this run has a figure."""
    return [*of_rows(content), *of_others(content.get("others", {}))]


def of_rows(content: Content) -> Iterator[Target]:
    for row in content.get("rows", []):
        what = f"{row['backend']}: {row['case']}"
        if row["target"] is not None:
            yield Target(what, row["target"], row["ratio"])
        bound = OF_LIMIT.get((row["name"], row["case"]))
        if bound is not None and row["to_limit"]:
            yield Target(f"{what}, to one bare exchange", bound, row["to_limit"], at_most=True)


def of_others(others: dict[str, list[dict[str, Any]]]) -> Iterator[Target]:
    for line in others.get("served", []):
        if wanted := SERVED.get((line["worker"], line["page"])):
            what = f"gunicorn {line['worker']}, Redis, {line['page']}, requests per second"
            yield Target(what, wanted[0], line["ratio"])
            yield Target(f"{what}, to no session at all", wanted[1], line["of_no_session"])
    for line in others.get("codec", []):
        if line["format"] == "msgpack" and 1_000 < line["bytes"] < 10_000:
            yield Target(f"codec: {line['verb']} 2 kB, to msgspec", CODEC, line["ratio"])
    for line in others.get("rust", []):
        if line.get("most") is not None:
            what = f"axum, {line['runtime']}, {line['case']}, to {line['rival_name']}"
            yield Target(what, line["most"], line["cost"], at_most=True)
    for line in others.get("starting", []):
        for what, key in (("time to the first answer", "time_ratio"), ("memory", "memory_ratio")):
            yield Target(f"{what}, {line['way']}", STARTING[line["way"]], line[key], at_most=True)
