"""pytest-flask, and Flask's own test client."""

from __future__ import annotations

import subprocess

import pytest

from .conftest import Neighbours
from .site_process import PYTHON, RELEASES, SITES, environment


@pytest.mark.parametrize("release", RELEASES)
def test_an_applications_own_tests_pass(neighbours: Neighbours, release: str) -> None:
    settings = neighbours.folder / "pytest.ini"
    settings.write_text("[pytest]\nfilterwarnings = ignore\n")
    suite = SITES / "suite_of_an_application.py"
    run = subprocess.run(
        [
            PYTHON,
            "-m",
            "pytest",
            "-c",
            settings,
            "--rootdir",
            SITES,
            "--confcutdir",
            SITES,
            suite,
        ],
        capture_output=True,
        text=True,
        cwd=neighbours.folder,
        env={**environment(release), **neighbours.settings(release)},
    )
    assert "7 passed" in run.stdout, run.stdout + run.stderr
