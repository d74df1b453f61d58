"""The same requests to Flask-Session 0.8.0 and to us: all that shows is equal, or differs as meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomllib

from compat.differences import compared, unexplained

if TYPE_CHECKING:
    from compat.conftest import Player

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
READ = {path.stem: tomllib.loads(path.read_text()) for path in SCENARIOS}
CASES = [
    (name, variant)
    for name, scenario in READ.items()
    for variant in scenario.get("variants", {"default": {}})
]


def played(player: Player, release: str, name: str, **settings: Any) -> dict[str, Any]:
    path = Path(__file__).parent / "scenarios" / f"{name}.toml"
    return player.play(release, scenario=str(path), settings=settings)


@pytest.fixture(scope="module")
def played_by_0_8_0() -> dict[str, Any]:
    """What 0.8.0 did in the scenarios that were played so far."""
    return {}


@pytest.mark.parametrize("native", [True, False], ids=["native", "python_client"])
@pytest.mark.parametrize("name", READ)
def test_a_scenario_goes_as_in_0_8_0(
    player: Player, played_by_0_8_0: dict[str, Any], name: str, native: bool
) -> None:
    if name not in played_by_0_8_0:
        played_by_0_8_0[name] = played(player, "0.8.0", name)
    theirs, ours = played_by_0_8_0[name], played(player, "ours", name, SESSION_NATIVE=native)
    known = READ[name].get("differences", [])
    problems = []
    for variant in theirs:
        found = compared(
            theirs[variant], ours[variant], deletions_in_full=READ[name].get("deletions_in_full", False)
        )
        for problem in unexplained(found, known, variant):
            problems.append(f"[{variant}] {problem}")
    assert not problems, "\n".join(["", READ[name]["about"], *problems])
