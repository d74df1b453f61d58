"""docs/performance.md and its figures: blocks that are made from the results; the rest is written by hand.

A block begins with the comment `figures: NAME` and ends with the comment `end`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from targets import Content, targets

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = ("performance.md", "performance/figures.md")
RESULTS = ROOT / "benches" / "results"
BLOCK = re.compile(r"(<!-- figures: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
NOTHING = "Not measured yet.\n"

PLOTS = {
    "ratios": "How many times as fast as 0.8.0 each kind of request is on each store",
    "times": "Microseconds for a request on each store: 0.8.0, ours, and the bare exchange",
    "sizes": "Microseconds for a request on Redis with sessions of 200 B, 2 kB and 64 kB",
    "growth": "Microseconds for a request by the number of sessions, in files and in MongoDB",
    "served": "Requests per second through gunicorn without session, with Flask's own, 0.8.0's and ours",
    "rust": "Microseconds for a request in an axum service on Redis: ours, others, the bare exchange",
    "layers": "The parts of one request's time, 0.8.0 and ours",
}
"""Each picture's name, and what it shows to who can't see it."""


def content(kind: str) -> Content:
    """A run's result, with the counts of instructions; what was never measured is missing."""
    found: Content = {}
    for name, key in ((kind, None), ("instructions", "instructions")):
        path = RESULTS / f"{name}.json"
        if path.exists():
            read = json.loads(path.read_text())
            found.update(read if key is None else {key: read})
    return found


def filled(text: str, found: Content) -> str:
    """The page with every block made anew."""
    return BLOCK.sub(lambda block: f"{block[1]}{made(block[2], found)}{block[3]}", text)


def write(kind: str = "whole", folder: Path = DOCS) -> None:
    """Makes the pages of a run in `folder`, from what is written by hand in docs/."""
    found = content(kind)
    for name in PAGES:
        text = filled((DOCS / name).read_text(), found)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def made(name: str, found: Content) -> str:
    kind, _, what = name.partition(":")
    return BLOCKS[kind](found, *([what] if what else [])) or NOTHING


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) if rows else ""


def spread(figure: dict[str, float] | None) -> str:
    """The median, and the quartiles in brackets."""
    if not figure:
        return ""
    return f"{number(figure['median'])} ({number(figure['low'])} to {number(figure['high'])})"


def number(value: float) -> str:
    """Three digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine(found: Content) -> str:
    described = found.get("machine", {})
    lines = [f"- {what}: {value}\n" for what, value in described.items()]
    lines += [f"- measured again, {name}: {when}\n" for name, when in found.get("again", {}).items()]
    lines += [f"- **not measured, {name}**: {why}\n" for name, why in found.get("failures", {}).items()]
    return "".join(lines)


def aims(found: Content) -> str:
    lines = targets(found)
    head = ["figure", "wanted", "measured", ""]
    rows = [[one.what, one.bound, spread(one.measured), "" if one.met else "**missed**"] for one in lines]
    return f"{sum(one.met for one in lines)} of {len(lines)} are met.\n\n{table(head, rows)}" if rows else ""


LITTLE = 2.0
"""Below it we win little."""


def least(found: Content) -> str:
    """Where we win little or lose, the worst first."""
    weak = [one for one in beside(found) if one[2]["median"] < (LITTLE if one[1] == "0.8.0" else 1)]
    rows = [
        [what, other, spread(ratio)] for what, other, ratio in sorted(weak, key=lambda one: one[2]["median"])
    ]
    return table(["what", "beside", "times as fast, or as small"], rows)


def beside(found: Content) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Everything that stands beside something else: what, beside what, and how many times as good it is."""
    for row in found.get("rows", []):
        yield f"{row['backend']}: {row['case']}", "0.8.0", row["ratio"]
    others = found.get("others", {})
    for line in others.get("served", []):
        yield f"gunicorn {line['worker']}, {line['page']}", "0.8.0", line["ratio"]
    for line in others.get("codec", []):
        yield f"codec: {line['verb']} {line['bytes']:,} B of {line['format']}", "msgspec", line["ratio"]
    for line in others.get("starting", []):
        yield f"time to the first answer, {line['way']}", "0.8.0's", inverse(line["time_ratio"])
        yield f"memory of a worker, {line['way']}", "0.8.0's", inverse(line["memory_ratio"])
    for line in others.get("rust", []):
        yield f"axum, {line['runtime']}: {line['case']}", line["rival_name"], inverse(line["cost"])


def inverse(figure: dict[str, float]) -> dict[str, float]:
    return {"median": 1 / figure["median"], "low": 1 / figure["high"], "high": 1 / figure["low"]}


def stores(found: Content) -> str:
    """A table for each store."""
    by_store: dict[str, list[Any]] = {}
    for row in found.get("rows", []):
        by_store.setdefault(row["backend"], []).append(row)
    head = ["request", "0.8.0", "ours", "times as fast", "bare exchange", "ours to bare"]
    parts = []
    for store, rows in by_store.items():
        lines = [
            [row["case"], *(spread(row[key]) for key in ("rival", "ours", "ratio", "limit", "to_limit"))]
            for row in rows
        ]
        parts.append(f"## {store}\n\n{table(head, lines)}")
    return "\n".join(parts)


def other(found: Content, name: str) -> str:
    """What was measured in a way of its own: its fields are the columns."""
    lines = found.get("others", {}).get(name, [])
    rows = [flat(line) for line in lines]
    head = list(dict.fromkeys(key for row in rows for key in row))
    return table(
        [key.replace("_", " ") for key in head], [[row.get(key, "") for key in head] for row in rows]
    )


def flat(line: dict[str, Any]) -> dict[str, str]:
    """Each field as text; a field that holds several figures becomes several."""
    found: dict[str, str] = {}
    for key, value in line.items():
        if isinstance(value, dict) and "median" in value:
            found[key] = spread(value)
        elif isinstance(value, dict):
            found.update(flat(value))
        elif isinstance(value, float):
            found[key] = number(value)
        else:
            found[key] = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return found


def instructions(found: Content) -> str:
    counted = found.get("instructions", {})
    requests = [
        [case, f"{sides['0.8.0']:,}", f"{sides['ours']:,}", number(sides["0.8.0"] / sides["ours"])]
        for case, sides in counted.get("requests", {}).items()
    ]
    core = [[name, f"{count:,}"] for name, count in counted.get("core", {}).items()]
    parts = [
        table(["request", "0.8.0", "ours", "times as few"], requests),
        table(["operation of the core", "instructions"], core),
    ]
    return "\n".join(part for part in parts if part)


def measured(name: str, found: Content) -> bool:
    """Whether there is anything to draw."""
    wanted = {"sizes": ("redis",), "growth": ("files-", "mongodb-")}.get(name, ("",))
    if name in ("ratios", "times", "sizes", "growth"):
        return any(row["name"].startswith(wanted) for row in found.get("rows", []))
    return bool(found.get("others", {}).get(name))


def plot(found: Content, name: str) -> str:
    return f"![{PLOTS[name]}](performance/{name}.svg)\n" if measured(name, found) else ""


BLOCKS: dict[str, Callable[..., str]] = {
    "machine": machine,
    "targets": aims,
    "least": least,
    "stores": stores,
    "other": other,
    "instructions": instructions,
    "plot": plot,
}
