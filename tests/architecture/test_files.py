"""How files are named and how long they get."""

from __future__ import annotations

from pathlib import Path

import pytest

from .repository import documents, files, name_of

LONGEST = 500
MEANINGLESS = {"utils", "common", "helpers", "misc", "util", "helper"}


@pytest.mark.parametrize("path", files(".rs", ".py", ".pyi", ".css", ".html", ".toml"), ids=name_of)
def test_a_file_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_a_document_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


def test_a_file_is_named_after_what_it_does() -> None:
    assert [name_of(path) for path in files(".rs", ".py") if path.stem in MEANINGLESS] == []
