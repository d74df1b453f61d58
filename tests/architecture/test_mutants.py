"""The wrong protocols of dev/mutants.toml fit the sources; whether they are noticed takes `make verify`."""

from __future__ import annotations

import pytest
import tomllib

from .repository import ROOT

MUTANTS = tomllib.loads((ROOT / "dev" / "mutants.toml").read_text())["mutant"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant["name"] for mutant in MUTANTS])
def test_a_mutant_changes_one_place(mutant: dict[str, str]) -> None:
    assert (ROOT / mutant["file"]).read_text().count(mutant["find"]) == 1
    assert mutant["find"] != mutant["replace"]
