"""Draws the pictures of docs/performance.md from a run's result.

Usage: plots.py KIND FOLDER     in the environment that drawing.py makes

The same result gives the same bytes. Each picture brings a background of its own, and names the checksum of
the result that it was drawn from.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import page
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

INK, PAPER, LINES = "#1f2328", "#ffffff", "#d0d7de"
# A page in the dark: the same picture, with these instead.
DARK = {INK: "#e6edf3", PAPER: "#161b22", LINES: "#3d444d"}
RIVAL, OURS, LIMIT, PLAIN = "#8c959f", "#e8590c", "#2f9e6e", "#4c8dd6"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "the same ids in each run",
    "font.family": ["sans-serif"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINES,
    "axes.facecolor": PAPER,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": PAPER,
    "grid.color": LINES,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "figure.constrained_layout.use": True,
}
CASES = {
    "read": ("read", "o", PLAIN, True),
    "read, due": ("read, refresh due", "o", PLAIN, False),
    "modify": ("modify", "s", OURS, True),
    "new": ("new", "^", LIMIT, True),
    "untouched": ("untouched", "D", "#a06cd5", True),
    "untouched, due": ("untouched, refresh due", "D", "#a06cd5", False),
}
"""Kinds of requests: name, mark, colour, whether the mark is filled."""
SIZES = {200: "200 B", 2_000: "2 kB", 64_000: "64 kB"}

Row = dict[str, Any]


def label(row: Row) -> str:
    return row["kind"] + ", due" * row["due"]


def small(found: page.Content) -> list[Row]:
    """Requests with small sessions, one thread, and one number of sessions for each store."""
    rows = [row for row in found["rows"] if row["size"] == 200 and row["threads"] == 1]
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(re.sub(r"-\d+$", "", row["name"]), row["name"])
    return [row for row in rows if row["name"] in first.values()]


def stores(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(row["backend"] for row in rows))


def marks(figure: dict[str, float]) -> list[list[float]]:
    """The quartiles as lengths from the median."""
    return [[figure["median"] - figure["low"]], [figure["high"] - figure["median"]]]


def plain_numbers(axis: Any) -> None:
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
    axis.set_minor_formatter(NullFormatter())


def logarithmic(axes: Axes, *scales: Callable[[str], None]) -> None:
    """Where there is anything: a run may have left a store out."""
    for scale in scales:
        scale("log" if axes.has_data() else "linear")


def microseconds(axis: Any) -> None:
    axis.set_major_formatter(FuncFormatter(lambda value, _: time(value)))
    axis.set_minor_formatter(NullFormatter())


def time(value: float) -> str:
    """Microseconds in the unit that keeps them short."""
    for unit, name in ((1e6, "s"), (1e3, "ms")):
        if value >= unit:
            return f"{value / unit:g} {name}"
    return f"{value:g} µs"


def ratios(found: page.Content) -> Figure:
    rows = small(found)
    names = stores(rows)
    figure = Figure(figsize=(8.6, 1.3 + 0.42 * len(names)))
    axes = figure.subplots()
    seen = {}
    kinds = [kind for kind in CASES if any(label(row) == kind for row in rows)]
    for row in rows:
        if label(row) not in CASES:
            continue
        _, mark, colour, full = CASES[label(row)]
        # Beside each other, so that none hides another.
        place = names.index(row["backend"]) + 0.11 * (kinds.index(label(row)) - (len(kinds) - 1) / 2)
        seen[label(row)] = axes.errorbar(
            row["ratio"]["median"],
            place,
            xerr=marks(row["ratio"]),
            marker=mark,
            color=colour,
            markersize=5,
            linewidth=1,
            markerfacecolor=colour if full else PAPER,
        )
    axes.axvline(1, color=INK, linewidth=1)
    logarithmic(axes, axes.set_xscale)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    plain_numbers(axes.xaxis)
    axes.set_xlabel("times as fast as 0.8.0 (line: quartiles)")
    handles = [seen[kind] for kind in kinds]
    figure.legend(handles, [CASES[kind][0] for kind in kinds], loc="outside upper center", ncols=6)
    return figure


def times(found: page.Content) -> Figure:
    rows = small(found)
    names = stores(rows)
    figure = Figure(figsize=(8.6, 1.3 + 0.5 * len(names)))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, kind in zip(panels, ("read, due", "modify"), strict=True):
        for number, (key, colour) in enumerate((("rival", RIVAL), ("ours", OURS), ("limit", LIMIT))):
            chosen = [row for row in rows if label(row) == kind and row[key]]
            places = [names.index(row["backend"]) + 0.27 * (number - 1) for row in chosen]
            bars(axes, places, [row[key] for row in chosen], colour)
        logarithmic(axes, axes.set_xscale)
        axes.set_title(CASES[kind][0])
        axes.grid(visible=False, axis="y")
        microseconds(axes.xaxis)
        axes.set_xlabel("logarithmic")
        room(axes)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    legend(figure, {"0.8.0": RIVAL, "ours": OURS, "the bare exchange": LIMIT})
    return figure


def bars(axes: Axes, places: list[float], values: list[dict[str, float]], colour: str) -> None:
    """Lying bars, each with its median beside it."""
    medians = [value["median"] for value in values]
    made = axes.barh(places, medians, 0.25, color=colour)
    axes.bar_label(made, [f"{median:,.0f}" for median in medians], padding=3, fontsize=7)


def room(axes: Axes) -> None:
    """Space for what stands beside the longest bar."""
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * 1.8)


def legend(figure: Figure, colours: dict[str, str]) -> None:
    handles = [mpl.patches.Patch(color=colour) for colour in colours.values()]
    figure.legend(handles, list(colours), loc="outside upper center", ncols=len(colours))


def curve(axes: Axes, points: list[tuple[float, dict[str, float]]], colour: str) -> None:
    for place, value in points:
        axes.errorbar(place, value["median"], yerr=marks(value), color=colour, marker="o", markersize=4)
        axes.annotate(
            f"{value['median']:,.0f}",
            (place, value["median"]),
            (0, 5),
            textcoords="offset points",
            fontsize=7,
        )
    axes.plot([place for place, _ in points], [value["median"] for _, value in points], color=colour)


def sizes(found: page.Content) -> Figure:
    figure = Figure(figsize=(8.6, 3.4))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, kind in zip(panels, ("read, due", "modify"), strict=True):
        rows = [row for row in found["rows"] if row["name"] == "redis" and row["threads"] == 1]
        for key, colour in (("rival", RIVAL), ("ours", OURS), ("limit", LIMIT)):
            curve(axes, [(row["size"], row[key]) for row in rows if label(row) == kind], colour)
        logarithmic(axes, axes.set_xscale, axes.set_yscale)
        axes.set_xticks(list(SIZES), list(SIZES.values()))
        axes.minorticks_off()
        microseconds(axes.yaxis)
        axes.set_title(f"{CASES[kind][0]}, one key used" if kind != "modify" else "modify, one key changed")
    legend(figure, {"0.8.0": RIVAL, "ours": OURS, "the bare exchange": LIMIT})
    return figure


def growth(found: page.Content) -> Figure:
    figure = Figure(figsize=(8.6, 3.4))
    panels = figure.subplots(1, 2)
    wanted = (("files", "new", "new sessions, files"), ("mongodb", "read", "reading requests, MongoDB"))
    for axes, (store, kind, title) in zip(panels, wanted, strict=True):
        rows = [row for row in found["rows"] if row["name"].partition("-")[0] == store and row["size"] == 200]
        for key, colour in (("rival", RIVAL), ("ours", OURS)):
            points = [(int(row["name"].partition("-")[2]), row[key]) for row in rows if label(row) == kind]
            curve(axes, points, colour)
        logarithmic(axes, axes.set_xscale, axes.set_yscale)
        plain_numbers(axes.xaxis)
        microseconds(axes.yaxis)
        axes.set_title(title)
        axes.set_xlabel("sessions in the store")
    legend(figure, {"0.8.0": RIVAL, "ours": OURS})
    return figure


def served(found: page.Content) -> Figure:
    lines = found.get("others", {}).get("served", [])
    sites = {"no session": LIMIT, "cookie": PLAIN, "0.8.0": RIVAL, "ours": OURS}
    figure = Figure(figsize=(8.6, 3.2))
    axes = figure.subplots()
    for number, (site, colour) in enumerate(sites.items()):
        rates = [line["per_second"][site] for line in lines]
        places = [place + 0.2 * (number - 1.5) for place in range(len(lines))]
        lengths = [[length for rate in rates for length in marks(rate)[side]] for side in (0, 1)]
        made = axes.bar(
            places, [rate["median"] for rate in rates], 0.19, color=colour, yerr=lengths, ecolor=INK
        )
        axes.bar_label(made, [f"{rate['median']:,.0f}" for rate in rates], padding=2, fontsize=7)
    axes.set_xticks(range(len(lines)), [f"{line['worker']}, {line['page']}" for line in lines])
    axes.grid(visible=False, axis="x")
    plain_numbers(axes.yaxis)
    axes.set_ylabel("requests per second")
    legend(figure, sites)
    return figure


PARTS = [LIMIT, "#b08800", PLAIN, "#a06cd5", OURS, RIVAL]
ON_COLOUR = "#fffffe"
"""White that stays so in the dark."""


def layers(found: page.Content) -> Figure:
    lines = found.get("others", {}).get("layers", [])
    figure = Figure(figsize=(8.6, 1.2 + 0.4 * len(lines)))
    axes = figure.subplots()
    names = list(dict.fromkeys(name for line in lines for name in line["parts"]))
    for place, line in enumerate(lines):
        left = 0.0
        for name, colour in zip(names, PARTS, strict=False):
            width = max(line["parts"].get(name, {}).get("median", 0), 0)
            axes.barh(place, width, 0.7, left, color=colour)
            if width > 5:
                axes.annotate(
                    f"{width:.0f}", (left + width / 2, place), ha="center", va="center", color=ON_COLOUR
                )
            left += width
    axes.set_yticks(range(len(lines)), [f"{line['request']}, {line['side']}" for line in lines])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("microseconds")
    legend(figure, dict(zip(names, PARTS, strict=False)))
    return figure


def rust(found: page.Content) -> Figure:
    """One visitor on the runtime that suits each layer best, a thread of its own."""
    lines = [line for line in found["others"]["rust"] if line["runtime"] == "current-thread"]
    lines = [line for line in lines if "visitors" not in line["case"]]
    times: dict[str, dict[str, float]] = {}
    for line in lines:
        case = times.setdefault(line["case"], {})
        case |= {"ours": middle(line["ours"]), "the bare exchange": middle(line["bare"])}
        case[line["rival_name"]] = middle(line["rival"])
    names = list(dict.fromkeys(name for case in times.values() for name in case))
    colours = {"ours": OURS, "the bare exchange": LIMIT}
    others = iter((RIVAL, PLAIN, "#a06cd5"))
    colours = {name: colours.get(name) or next(others) for name in names}
    figure = Figure(figsize=(8.6, 1.2 + 0.22 * len(names) * len(times)))
    axes = figure.subplots()
    for number, name in enumerate(names):
        chosen = [(place, case[name]) for place, case in enumerate(times.values()) if name in case]
        places = [place + 0.8 / len(names) * (number - (len(names) - 1) / 2) for place, _ in chosen]
        made = axes.barh(places, [time for _, time in chosen], 0.76 / len(names), color=colours[name])
        axes.bar_label(made, [f"{time:,.1f}" for _, time in chosen], padding=3, fontsize=7)
    axes.set_yticks(range(len(times)), list(times))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("microseconds")
    legend(figure, colours)
    return figure


def middle(figure: Any) -> float:
    """Of a figure with its quartiles, or without."""
    return float(figure["median"] if isinstance(figure, dict) else figure)


DRAWN: dict[str, Callable[[page.Content], Figure]] = {
    "ratios": ratios,
    "times": times,
    "sizes": sizes,
    "growth": growth,
    "served": served,
    "layers": layers,
    "rust": rust,
}


def in_the_dark(svg: str) -> str:
    """The picture with a style for viewers that prefer dark pages, and for all text."""
    svg = re.sub(r" font-family: [^;\"]*sans-serif;", "", svg)
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    style = f"<style>text{{font-family:sans-serif}}@media(prefers-color-scheme:dark){{{rules}}}</style>"
    return svg.replace("<defs>", f"{style}\n <defs>", 1)


def checksum(kind: str) -> str:
    return hashlib.sha256((page.RESULTS / f"{kind}.json").read_bytes()).hexdigest()


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    found = page.content(kind)
    mpl.use("svg")
    with mpl.rc_context(STYLE):
        for old in folder.glob("*.svg"):
            old.unlink()
        for name, draw in DRAWN.items():
            if not page.measured(name, found):
                continue
            path = folder / f"{name}.svg"
            about = {"Date": None, "Creator": None, "Title": page.PLOTS[name]}
            draw(found).savefig(path, metadata={**about, "Identifier": checksum(kind)})
            path.write_text(in_the_dark(path.read_text()))


if __name__ == "__main__":
    main()
