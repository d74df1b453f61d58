"""A run of the benchmarks goes on when a part of it fails, says so, and lets that part be measured again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .repository import ROOT

sys.path.append(str(ROOT / "benches"))

import effort
import page
import plan
import report
import run


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(page, "RESULTS", tmp_path)
    return tmp_path


def broken(*_: Any, **__: Any) -> Any:
    raise OSError("no such server\nand more")


def rounds(ratio: float) -> dict[str, list[dict[str, float]]]:
    rival = [{"median": ratio * n, "p99": ratio * n} for n in (1.0, 2.0, 3.0)]
    return {"rival": rival, "ours": [{"median": n, "p99": n} for n in (1.0, 2.0, 3.0)]}


def row(name: str, ratio: float) -> report.Row:
    return report.row(name, name, plan.Case("read"), rounds(ratio))


def test_a_store_that_fails_is_named_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, results: Path
) -> None:
    monkeypatch.setattr(run, "PLAN", {"redis": (broken, [])})
    others = {"bad": run.Other(broken, 1, 1), "good": run.Other(lambda *_, **__: [row("redis", 2)], 1, 1)}
    monkeypatch.setattr(run, "OTHERS", others)
    result = run.run({"redis": [plan.Case("read")]}, ["bad", "good"], quick=True)
    assert result.failures == {"redis": "OSError: no such server", "bad": "OSError: no such server"}
    assert set(result.others) == {"good"}
    kept = json.loads((results / "part.json").read_text())
    assert kept["failures"] == result.failures


def test_what_is_measured_again_takes_its_old_place(results: Path) -> None:
    first = report.Result(
        [row("redis", 2), row("files-1", 3)], {"codec": []}, {"memcached": "gone", "x": "y"}
    )
    report.write(first, "whole")
    report.replace(report.Result([row("memcached", 5), row("redis", 4)]), {"memcached", "redis"})
    kept = json.loads((results / "whole.json").read_text())
    assert [(one["name"], one["ratio"]["median"]) for one in kept["rows"]] == [
        ("redis", 4),
        ("memcached", 5),
        ("files-1", 3),
    ]
    assert kept["failures"] == {"x": "y"}
    assert set(kept["again"]) == {"memcached", "redis"}


def test_the_ratio_is_of_times_in_the_same_round() -> None:
    drifting = rounds(1)
    drifting["rival"] = [{"median": 5 * one["median"], "p99": 1} for one in drifting["ours"]]
    made = report.row("redis", "Redis", plan.Case("read"), drifting)
    assert (made.ratio.low, made.ratio.median, made.ratio.high) == (5, 5, 5)
    assert made.ours.low < made.ours.high


def test_a_whole_run_ends_within_half_an_hour_and_a_quick_one_within_five_minutes() -> None:
    def minutes(stores: dict[str, list[plan.Case]], *, quick: bool) -> float:
        seconds = sum(run.starting_seconds(name) for name in stores)
        seconds += sum(run.expected(name, case, quick=quick) for name in stores for case in stores[name])
        others = run.OTHERS.values()
        return (seconds + sum(one.quick_seconds if quick else one.seconds for one in others)) / 60

    whole = {name: cases for name, (_, cases) in plan.PLAN.items()}
    quick = {name: [case for case in whole[name] if case in plan.QUICK_CASES] for name in plan.QUICK}
    assert minutes(whole, quick=False) < 30
    assert minutes(quick, quick=True) < 5
    assert all(effort.effort(name, case, quick=False).rounds >= 7 for name in whole for case in whole[name])
