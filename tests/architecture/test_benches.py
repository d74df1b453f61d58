"""The benchmarks' processes still measure what they are asked for; how fast anything is, no test says."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
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


def imported(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the benchmarks, whose names others may have."""
    monkeypatch.syspath_prepend(str(BENCHES))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


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


@pytest.mark.parametrize("threads", [1, 3])
def test_loading_and_saving_alone_changes_a_session_of_each_thread(
    threads: int, redis_server: RedisServer
) -> None:
    opened = {"open": "site", "config": {"SESSION_TYPE": "redis"}, "client": ["redis", redis_server.url()]}
    task = {"round": "site", "case": "load and save", "size": 200, "seconds": 0.01, "threads": threads}
    _, found = answers("worker.py", [opened, task])
    assert found["p99"] >= found["median"] > 0
    assert found["per_second"] > 0
    client = redis_server.client()
    visits = [msgspec.msgpack.decode(client.get(key))["visits"] for key in client.keys("session:*")]
    assert len(set(visits)) == threads
    assert min(visits) > 1


def test_both_releases_steps_load_use_and_save(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, storing = imported("worker", monkeypatch), imported("storing", monkeypatch)
    site = worker.Site({"SESSION_TYPE": "redis"}, ["redis", redis_server.url()])
    key = site.key("load and save", 200, 0)

    def count(session: dict[str, Any]) -> None:
        session["visits"] += 1

    # What 0.8.0's do asks only for what our interface has, too.
    for number, release in enumerate((storing.Rivals, storing.Ours, storing.Rivals), 1):
        redis_server.client().persist(key)
        steps = release(site.interface, key, (count, ["visits"]))
        steps.load()
        steps.code()
        steps.save()
        assert msgspec.msgpack.decode(redis_server.client().get(key))["visits"] == number
        assert 0 < redis_server.client().ttl(key) <= storing.LIFETIME


@pytest.mark.parametrize("good", [0, 5])
def test_a_measurement_in_which_a_thread_fails_is_none(good: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def operation(_case: str, _size: int, thread: int) -> Any:
        left = iter(range(good))
        return lambda: 1 if thread else next(left)

    worker = imported("worker", monkeypatch)
    task = {"case": "read", "size": 200, "seconds": 0.01, "threads": 3}
    with pytest.raises(StopIteration):
        worker.measured(SimpleNamespace(operation=operation), task)


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
    rust = imported("rust", monkeypatch)
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
