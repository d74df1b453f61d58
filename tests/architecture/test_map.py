"""ARCHITECTURE.md's map of rules is true: every file that it names exists, and so does every test."""

from __future__ import annotations

import re

import pytest

from .repository import ROOT


def rules() -> list[tuple[str, str, str]]:
    """The rows of ARCHITECTURE.md's map: rule, the files that hold it, the tests that keep it."""
    _, _, section = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Rules\n")
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    return [row for row in rows if row[0] != "rule" and not set(row[0]) <= {"-", " "}]


@pytest.mark.parametrize(("rule", "held", "kept"), rules(), ids=[row[0] for row in rules()])
def test_every_rule_has_a_file_that_holds_it_and_a_test_that_keeps_it(
    rule: str, held: str, kept: str
) -> None:
    holding, keeping = re.findall(r"`([^`]+)`", held), re.findall(r"`([^`]+)`", kept)
    assert holding, f"{rule}: which file holds it?"
    assert keeping, f"{rule}: which test keeps it?"
    for place in holding:
        assert (ROOT / place).exists(), place
    for place in keeping:
        file, _, test = place.partition("::")
        assert (ROOT / file).is_file(), place
        assert re.search(rf"\b(?:fn|def) {re.escape(test)}\b", (ROOT / file).read_text()), place


def test_the_map_has_rules() -> None:
    assert len(rules()) > 40
