"""Programs as people wrote them run unchanged, and do what they did with 0.8.0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compat.differences import compared
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compat.conftest import Player

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def protected_server() -> Iterator[RedisServer]:
    server = RedisServer("--requirepass", PASSWORD).start()
    yield server
    server.stop()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_does_what_it_did_with_0_8_0(
    player: Player, protected_server: RedisServer, program: Path
) -> None:
    played = {}
    for release in ("0.8.0", "ours"):
        protected_server.client(password=PASSWORD).flushall()
        port = str(protected_server.port)
        played[release] = player.play_program(
            release, program, PROTECTED_REDIS_PORT=port, PROTECTED_REDIS_PASSWORD=PASSWORD
        )
        assert {exchange["status"] for exchange in played[release]["exchanges"]} == {200}
    problems = [f"{place}: {pair}" for place, pair in compared(played["0.8.0"], played["ours"]).items()]
    assert not problems, "\n".join(["", *problems])
