"""The benchmarks' processes still measure what they are asked for; how fast anything is, no test says."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from memcached_server import MemcachedServer
    from redis_server import RedisServer

BENCHES = Path(__file__).resolve().parents[2] / "benches"
CASES = ["nobody", "new", "untouched", "read", "read all", "modify"]


def said(program: str, *arguments: str, task: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, BENCHES / program, *arguments],
        input=task,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(BENCHES)},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def answers(program: str, tasks: list[dict[str, Any]]) -> list[dict[str, float]]:
    lines = said(program, task="".join(json.dumps(task) + "\n" for task in tasks))
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("threads", [1, 3])
def test_every_case_is_measured(threads: int, tmp_path: Path) -> None:
    config = {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(tmp_path)}
    rounds = [
        {"round": "site", "case": case, "size": 200, "seconds": 0.01, "threads": threads} for case in CASES
    ]
    opened = {"open": "site", "config": config, "client": None}
    _, filled, *found = answers("worker.py", [opened, {"fill": "site", "sessions": 7}, *rounds])
    assert filled == {"filled": 7}
    assert len(found) == len(CASES)
    assert all(one["p99"] >= one["median"] > 0 and one["per_second"] > 0 for one in found)


def test_a_bare_socket_is_measured(redis_server: RedisServer, memcached_server: MemcachedServer) -> None:
    rounds = [{"round": "server", "case": case, "size": 64_000, "seconds": 0.01} for case in CASES[1:]]
    for url in (redis_server.url(), memcached_server.url):
        _, *found = answers("limits.py", [{"open": "server", "url": url}, *rounds])
        assert all(one["p99"] >= one["median"] > 0 for one in found)
    # What the reading exchanges brought was the record.
    (key,) = redis_server.client().keys("limit:*")
    assert redis_server.client().strlen(key) == 64_000


def test_every_part_of_a_request_is_measured(redis_server: RedisServer) -> None:
    rounds = [{"round": "site", "case": case, "seconds": 0.01} for case in ("read", "modify")]
    _, *found = answers("parts.py", [{"open": "site", "url": redis_server.url()}, *rounds])
    assert len(found) == len(rounds)
    for one in found:
        assert set(one) == {"client", "codec", "whole", "without cookie"}
        assert all(time > 0 for time in one.values())


def test_every_case_is_shown_to_callgrind(redis_server: RedisServer) -> None:
    names = said("counted.py", redis_server.url(), "2")
    assert names[0] == "no session"
    assert set(names[1:]) == {"read", "read, due", "modify", "new", "untouched", "untouched, due", "nobody"}


def test_the_costs_in_rust_are_ours_beside_each_rivals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHES))
    monkeypatch.delitem(sys.modules, "rust", raising=False)
    rust = importlib.import_module("rust")
    known = (BENCHES / "rust" / "src" / "sides" / "mod.rs").read_text()
    for case in rust.CASES:
        sides = [case.ours, *case.rivals.values(), "bare"]
        assert all(f'"{side}" =>' in known for side in sides)
        figures = {
            side: [{"median": number, "p99": 9, "per_second": 1e6 / number}] * 3
            for number, side in enumerate(sides, 1)
        }
        costs = {line.rival_name: line.cost.median for line in rust.lines("runtime", case, figures)}
        assert costs == pytest.approx({"tower-sessions": 1 / 2, "axum_session": 1 / 3})


def test_what_rivals_depend_on_stays_out_of_the_project() -> None:
    assert "tower-sessions" not in (BENCHES.parent / "Cargo.lock").read_text()
    assert "tower-sessions" in (BENCHES / "rust" / "Cargo.lock").read_text()
