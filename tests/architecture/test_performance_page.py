"""docs/performance.md shows what benches/results/ holds, and nothing that was measured stays unsaid."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import pytest

from .repository import ROOT

sys.path.append(str(ROOT / "benches"))

import page
import plan
import targets

PICTURES = ROOT / "docs" / "performance"
LARGEST = 60_000


def figure(median: float) -> dict[str, float]:
    return {"median": median, "low": median * 0.9, "high": median * 1.1}


VERBS = {"encode": 0.5, "decode": 1.2}
RATIOS = {"time_ratio": figure(0.9), "memory_ratio": figure(1.1)}


def row(case: str, ratio: float, **more: Any) -> dict[str, Any]:
    times = {"rival": figure(100 * ratio), "ours": figure(100), "limit": None, "to_limit": None}
    named = {"name": "redis", "backend": "Redis", "case": case, "target": None}
    return {**named, **times, "ratio": figure(ratio), **more}


@pytest.mark.parametrize("name", page.PAGES)
def test_the_page_is_what_the_results_say(name: str) -> None:
    text = (page.DOCS / name).read_text()
    assert page.filled(text, page.content("whole")) == text, "run: make plots"


def test_every_block_is_known_and_ends() -> None:
    text = "".join((page.DOCS / name).read_text() for name in page.PAGES)
    assert len(page.BLOCK.findall(text)) == text.count("<!-- figures: ") == text.count("<!-- end -->")
    shown = {name for _, name, _ in page.BLOCK.findall(text)}
    assert shown >= {f"plot:{name}" for name in page.PLOTS} | {"machine", "targets", "least", "stores"}


def test_every_picture_is_drawn_from_the_committed_results_and_small() -> None:
    result = ROOT / "benches" / "results" / "whole.json"
    wanted = {name for name in page.PLOTS if page.measured(name, page.content("whole"))}
    pictures = {path.stem: path.read_text() for path in PICTURES.glob("*.svg")}
    assert set(pictures) == wanted, "run: make plots"
    for name, picture in pictures.items():
        assert hashlib.sha256(result.read_bytes()).hexdigest() in picture, f"{name}: run: make plots"
        assert len(picture) < LARGEST, name


def test_a_case_in_which_we_win_little_is_named_and_a_missed_target_says_so() -> None:
    found: dict[str, Any] = {"rows": [row("new", 1.5, target=4.0), row("read", 8.0, target=6.0)]}
    codec = [{"verb": verb, "bytes": 200, "format": "json", "ratio": figure(n)} for verb, n in VERBS.items()]
    found["others"] = {"codec": codec, "starting": [{"way": "by URL", **RATIOS}]}
    *_, first, second, third = page.made("least", found).splitlines()
    assert first == "| codec: encode 200 B of json | msgspec | 0.50 (0.45 to 0.55) |"
    assert second.startswith("| memory of a worker, by URL | 0.8.0's | 0.91 (")
    assert third == "| Redis: new | 0.8.0 | 1.50 (1.35 to 1.65) |"
    said = page.made("targets", found)
    assert "2 of 4 are met" in said
    assert "| Redis: new | at least 4 | 1.50 (1.35 to 1.65) | **missed** |" in said


def test_a_bound_counts_what_is_above_it_as_missed() -> None:
    limits = {"limit": figure(10), "to_limit": figure(2)}
    (bound,) = targets.targets({"rows": [row("read, 200 B", 8.0, **limits)]})
    assert (bound.wanted, bound.at_most, bound.met) == (1.6, True, False)


def test_what_failed_is_on_the_page() -> None:
    found: dict[str, Any] = {"machine": {"date": "today"}, "failures": {"mariadb": "RuntimeError: gone"}}
    assert "**not measured, mariadb**: RuntimeError: gone" in page.made("machine", found)


def test_what_is_measured_in_another_way_is_shown_by_its_fields() -> None:
    line = {"way": "read", "per_second": {"ours": figure(1000)}, "of_none": figure(0.5), "bytes": 2000}
    said = page.made("other:rust", json.loads(json.dumps({"others": {"rust": [line]}})))
    assert "| way | ours | of none | bytes |" in said
    assert "| read | 1,000 (900 to 1,100) | 0.50 (0.45 to 0.55) | 2,000 |" in said


def test_every_target_belongs_to_a_case_that_is_measured() -> None:
    measured = {(name, case) for name, (_, cases) in plan.PLAN.items() for case in cases}
    assert {key for key in plan.TARGETS if key[1].kind != "nobody"} <= measured
    assert {(name, str(case)) for name, case in measured} >= set(targets.OF_LIMIT)
