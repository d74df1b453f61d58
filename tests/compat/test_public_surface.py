"""Every name that some release offers is here, or listed in docs/differences.md as `names-that-are-gone`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from compat.conftest import ENVIRONMENTS, OURS, interpreter

SURFACE = Path(__file__).parent / "surface.py"
DIFFERENCES = Path(__file__).parents[2] / "docs" / "differences.md"
RELEASES = ("0.8.0", "0.7.0", "0.6.0", "0.5.0", "0.4.0")


def told(release: str, asked: list[str] | None = None) -> list[str]:
    command = [interpreter(release), "-W", "ignore", SURFACE]
    return json.loads(
        subprocess.run(command, input=json.dumps(asked), capture_output=True, check=True, text=True).stdout
    )


def owner_and_name(place: str) -> str:
    """`RedisSessionInterface.fetch_session` or, for an instance, `fetch_session`."""
    return place.partition(":")[2].lstrip(".")


def listed() -> set[str]:
    (row,) = (line for line in DIFFERENCES.read_text().splitlines() if "| `names-that-are-gone` |" in line)
    return set(row.split("`")[3::2])


@pytest.mark.shows("names-that-are-gone")
def test_nothing_is_missing_but_what_is_listed_and_nothing_is_listed_that_is_here() -> None:
    assert all((ENVIRONMENTS / release).exists() for release in RELEASES)
    missing = [place for release in RELEASES for place in told(OURS, told(release))]
    names = {owner_and_name(place) for place in missing}
    gone = listed()
    assert not {name for name in names if name not in gone and name.rpartition(".")[2] not in gone}
    ends = names | {name.rpartition(".")[2] for name in names}
    assert not gone - ends


@pytest.mark.parametrize("release", RELEASES)
def test_the_names_of_a_release_are_many(release: str) -> None:
    assert len(told(release)) > 400
