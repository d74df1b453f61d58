"""`docs/differences.md` is what the comparison with Flask-Session 0.8.0 knows: no more, no less."""

from __future__ import annotations

import re
from pathlib import Path

import tomllib

from compat.differential.meant import EXPLAINING
from compat.test_probes import FOUND

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "differences.md"
HEADING = "| id | Flask-Session 0.8.0 | here | reason | as 0.8.0 |\n| --- | --- | --- | --- | --- |\n"


def rows() -> list[list[str]]:
    """The cells of every row: id, what 0.8.0 does, what we do, the reason, the setting for 0.8.0's way."""
    tables = PAGE.read_text(encoding="utf-8").split(HEADING)[1:]
    lines = [line for table in tables for line in table.partition("\n\n")[0].splitlines()]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def shown() -> set[str]:
    """The ids that scenarios, random scripts, probes and other tests show."""
    scenarios = (ROOT / "tests" / "compat" / "scenarios").glob("*.toml")
    declared = {
        difference["id"]
        for path in scenarios
        for difference in tomllib.loads(path.read_text(encoding="utf-8")).get("differences", [])
    }
    marked = {
        identity
        for path in (ROOT / "tests").rglob("test_*.py")
        for identity in re.findall(r'^@pytest\.mark\.shows\("(.+)"\)$', path.read_text("utf-8"), re.MULTILINE)
    }
    return declared | marked | set(EXPLAINING) | set(FOUND)


def test_every_row_is_whole_and_its_id_is_its_own() -> None:
    table = rows()
    assert len(table) == PAGE.read_text(encoding="utf-8").count("\n| `")
    assert [row for row in table if len(row) != 5 or not all(row)] == []
    identities = [row[0] for row in table]
    assert [name for name in identities if not re.fullmatch(r"`[a-z0-9-]+`", name)] == []
    assert len(set(identities)) == len(identities)


def test_every_difference_has_a_row_and_every_row_is_shown() -> None:
    listed = {row[0].strip("`") for row in rows()}
    assert shown() - listed == set(), "without a row"
    assert listed - shown() == set(), "shown by no test"
