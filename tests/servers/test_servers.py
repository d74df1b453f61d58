"""Each server on each store: every visitor sees its own session only, nothing hangs, nothing is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from running import RunningServer
from table import ALL, SERVERS, SHORT, STORES, WORKERS
from visitors import VISITORS, Crowd

from configured import CONFIGURED
from places import place_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from conftest import Tried

PROCESSES = 4
"""At most, of one server: its master, two workers and one that takes over from another."""
LIMIT = 60.0
IN_ONE_PROCESS = {"sqlalchemy_memory"}


def test_every_visitor_sees_its_own_session_and_nothing_is_left(
    server: str, store: str, broker: str, tried: Tried, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place = place_of(store, request, tmp_path)
    before = place.connections()
    running = RunningServer(SERVERS[server], place.told, broker, tmp_path)
    try:
        running.await_answer()
        crowd = Crowd(running, WORKERS.get(server, 2))
        crowd.visit()
        # More than a request needs at a time, and far fewer than there were requests.
        bound = PROCESSES * (VISITORS + 3) * len(place.ports)
        too_many = max(0, place.await_connections(before + bound, LIMIT) - before - bound)
        open_files = running.files_open_in(tmp_path)
    finally:
        left = running.stop()
    leaked = place.await_connections(before, LIMIT) - before

    tried.servers.add(server)
    tried.stores.add(store)
    tried.combinations += 1
    tried.requests += crowd.requests
    tried.wrong_answers += len(crowd.wrong)
    tried.hangs += len(crowd.hanging)
    tried.leaked_connections += max(0, leaked) + too_many
    tried.leaked_processes += len(left)
    log = running.log.read_text()
    assert (crowd.wrong, crowd.hanging) == ([], []), log
    assert len(crowd.answered) >= WORKERS.get(server, 2), log
    assert too_many == 0, f"{too_many} connections more than {bound}"
    assert leaked <= 0, f"{leaked} connections are left"
    assert left == [], f"{len(left)} processes are left:\n{log}"
    assert open_files <= VISITORS + 3


def test_the_short_table_has_every_server_and_every_store() -> None:
    assert set(SHORT) <= set(ALL)
    assert {server for server, _ in SHORT} == set(SERVERS)
    assert {store for _, store in SHORT} == set(STORES) == set(CONFIGURED) - IN_ONE_PROCESS
