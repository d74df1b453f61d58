"""The versions that pyproject.toml claims are the versions that are tested."""

from __future__ import annotations

import re
from itertools import chain

import tomllib

from .repository import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MATRIX = PYPROJECT["tool"]["flask-session"]["matrix"]


def pins(row: str) -> dict[str, str]:
    return dict(requirement.split("==") for requirement in MATRIX[row])


def test_the_oldest_row_has_every_lower_bound() -> None:
    project = PYPROJECT["project"]
    claims = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    bounds = dict(claim.split(">=") for claim in claims)
    oldest = pins("oldest")
    assert {name: oldest.get(name) for name in bounds} == bounds


def test_each_flask_that_is_named_has_its_row() -> None:
    for row in MATRIX:
        if found := re.fullmatch(r"flask-(\d+\.\d+)", row):
            assert pins(row)["flask"].startswith(found[1] + ".")
    assert {"oldest", "flask-2.2", "flask-2.3", "flask-3.0", "flask-3.1", "newest"} <= set(MATRIX)
    assert MATRIX["newest"] == []
