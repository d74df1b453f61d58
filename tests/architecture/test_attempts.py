"""What is installed from a registry is asked for again, and what can't be had costs no more than itself."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from .repository import ROOT, files, name_of

if TYPE_CHECKING:
    from pathlib import Path

# Ends with 7 until it has been run as often as the last argument says.
FAILING = """
import pathlib, sys
counted = pathlib.Path(sys.argv[1])
runs = counted.stat().st_size + 1 if counted.exists() else 1
counted.write_text("x" * runs)
sys.exit(0 if runs >= int(sys.argv[2]) else 7)
"""


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a program of dev/ by its name."""
    monkeypatch.syspath_prepend(str(ROOT / "dev"))
    return importlib.import_module


def test_a_command_is_run_until_it_succeeds(module: Any, tmp_path: Path, capfd: Any) -> None:
    counted = tmp_path / "runs"
    module("attempts").run([sys.executable, "-c", FAILING, counted, "3"], pauses=[0, 0, 0])
    assert counted.read_text() == "xxx"
    told = capfd.readouterr().err
    assert "attempt 1 of 4 ended with 7" in told
    assert "attempt 2 of 4 ended with 7" in told
    assert "attempt 3" not in told


def test_a_command_that_never_succeeds_is_a_failure(module: Any, tmp_path: Path, capfd: Any) -> None:
    counted = tmp_path / "runs"
    with pytest.raises(subprocess.CalledProcessError) as failed:
        module("attempts").run([sys.executable, "-c", FAILING, counted, "9"], pauses=[0, 0])
    assert (failed.value.returncode, counted.read_text()) == (7, "xxx")
    assert "attempt 3 of 3 ended with 7" in capfd.readouterr().err


def test_each_pause_is_longer(module: Any) -> None:
    pauses = module("attempts").PAUSES
    assert len(pauses) >= 3
    assert list(pauses) == sorted(set(pauses))


@pytest.fixture
def made(module: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the environments that were made; one that is called ``refused`` can't be."""
    names: list[str] = []

    def make(directory: Path, _: list[str]) -> None:
        if directory.name == "refused":
            raise subprocess.CalledProcessError(1, ["pip"])
        names.append(directory.name)

    monkeypatch.setattr(module("environments"), "make", make)
    monkeypatch.setattr(module("environments"), "install_wheel", lambda *_: None)
    return names


def test_a_release_that_cannot_be_had_leaves_the_others(
    module: Any, made: list[str], monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    program = module("compat_environments")
    monkeypatch.setattr(program, "RELEASES", {"0.8.0": [], "refused": [], "0.6.0": []})
    assert program.make(["0.8.0", "refused", "0.6.0"]) == 1
    assert made == ["0.8.0", "0.6.0"]
    assert capfd.readouterr().err == "no environment with flask-session refused\n"


def test_a_row_of_versions_that_cannot_be_had_leaves_the_others(
    module: Any, made: list[str], tmp_path: Path
) -> None:
    program = module("matrix")
    assert [program.prepare(row, [], tmp_path) for row in ("oldest", "refused", "newest")] == [
        True,
        False,
        True,
    ]
    assert made == ["oldest", "newest"]


# How each file that installs does so.
INSTALLING = {
    "Makefile": "dev/attempts.py $(BIN)/pip install",
    "dev/environments.py": "attempts.run([*pip,",
    "dev/system_packages": """attempts.py" sh -c "$install" """,
}


def test_whatever_installs_does_so_in_attempts() -> None:
    texts = {
        name_of(path): path.read_text("utf-8", errors="replace")
        for path in files("")
        if name_of(path).startswith(("Makefile", "benches/", "dev/", "examples/", "tests/"))
    }
    found = {
        name for name, text in texts.items() if re.search(r'"pip", "|/pip install|apt-get install', text)
    }
    assert {name for name in found if not name.startswith("tests/architecture/")} == set(INSTALLING)
    assert [name for name, way in INSTALLING.items() if texts[name].count(way) != 1] == []
