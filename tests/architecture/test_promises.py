"""Each promise of SECURITY.md names a test that shows it."""

from __future__ import annotations

import re

import pytest

from .repository import ROOT


def promises() -> list[tuple[str, str]]:
    _, _, section = (ROOT / "SECURITY.md").read_text().partition("\n## What we promise\n")
    rows = re.findall(r"^\| (.+) \| (`.+`) \|$", section.partition("\n## ")[0], re.MULTILINE)
    assert len(rows) > 10
    return rows


@pytest.mark.parametrize(("promise", "shown"), promises(), ids=[row[0][:40] for row in promises()])
def test_a_promise_is_shown_by_tests_that_exist(promise: str, shown: str) -> None:
    for place in re.findall(r"`([^`]+)`", shown):
        file, _, test = place.partition("::")
        assert re.search(rf"\b(?:fn|def) {re.escape(test)}\b", (ROOT / file).read_text()), place
