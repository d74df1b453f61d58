"""Randomised scripts of requests go with us as with 0.8.0, or differ as `docs/differences.md` says."""

from __future__ import annotations

import os
import random
import sys
import uuid
from collections import Counter
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from compat.differential.backends import Backend, CacheLib, DynamoDB, Memcached, MongoDB, Redis
from compat.differential.databases import Database
from compat.differential.files import Files
from compat.differential.machine import Machine
from compat.differential.meant import DIVERGING, FIELDS
from compat.differential.pair import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS = 30
SEQUENCES = int(os.environ.get("DIFFERENTIAL_SEQUENCES", "20"))
"""Sequences for each backend; half of them with SESSION_KEEP_TYPES."""
SEED = os.environ.get("DIFFERENTIAL_SEED")
"""None: always the same sequences, so that a run finds nothing by luck. Else a number, or `random`."""
SHRINKING = [hypothesis.Phase.shrink] if "DIFFERENTIAL_SHRINK" in os.environ else []
"""Looking for the shortest script that fails alike takes minutes."""
BACKENDS = [
    *["redis", "memcached", "filesystem", "mongodb", "sqlite", "postgresql", "mariadb", "cachelib"],
    "dynamodb",
]
SERVERS = {"postgresql": "restartable_postgresql", "mariadb": "mariadb_server"}

USED: dict[str, Counter[str]] = {}


def opened(name: str, request: pytest.FixtureRequest, folder: Path) -> Backend:
    if name == "filesystem":
        return Files(folder)
    if name == "sqlite":
        uris = {side: f"sqlite:///{folder / side}.db" for side in ("0.8.0", "ours")}
        return Database(name, uris, "sessions")
    if name in SERVERS:
        server = request.getfixturevalue(SERVERS[name])
        uri = server.url(server.database)
        return Database(name, {"0.8.0": uri, "ours": uri}, uuid.uuid4().hex[:8])
    made = {
        "redis": (Redis, "shared_redis_server"),
        "cachelib": (CacheLib, "shared_redis_server"),
        "memcached": (Memcached, "shared_memcached_server"),
        "mongodb": (MongoDB, "mongodb_server"),
        "dynamodb": (DynamoDB, "dynamodb_server"),
    }
    backend, fixture = made[name]
    return backend(request.getfixturevalue(fixture))


@pytest.fixture(scope="module", params=BACKENDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("differential")
    made = Pair(opened(request.param, request, folder), folder)
    yield made
    made.stop()


@pytest.mark.parametrize("keep_types", [True, False], ids=["types_kept", "types_of_0_8_0"])
def test_random_scripts_go_as_in_0_8_0(
    pair: Pair, keep_types: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    used = USED.setdefault(pair.backend.name, Counter())
    played: Counter[int] = Counter()
    attributes = {"pair": pair, "keep_types": keep_types, "used": used, "played": played}
    machine = type(f"On{pair.backend.name}{keep_types}", (Machine,), attributes)
    if SEED is not None:
        seed = random.SystemRandom().randrange(2**32) if SEED == "random" else int(SEED)
        with capsys.disabled():
            sys.stdout.write(f"\nDIFFERENTIAL_SEED={seed} on {pair.backend.name}, {keep_types=}\n")
        hypothesis.seed(seed)(machine)
    wanted = SEQUENCES // 2
    run_state_machine_as_test(
        machine,
        settings=hypothesis.settings(
            # Some sequences end early, where hypothesis has no more random bytes for them.
            max_examples=wanted + wanted // 2 + 1,
            stateful_step_count=STEPS,
            derandomize=SEED is None,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate, *SHRINKING],
        ),
    )
    assert sum(times for steps, times in played.items() if steps >= STEPS) >= wanted, played


def test_every_explanation_was_needed() -> None:
    """A row that nothing differs by any more is to go, or is explained by another one."""
    unused = []
    for identity, backends, _ in [*DIVERGING, *((name, places, None) for name, places in FIELDS.items())]:
        places = set(backends or BACKENDS) & USED.keys()
        if places and not any(USED[place][identity] for place in places):
            unused.append(identity)
    assert USED, "run this with the sequences"
    assert not unused
