"""Full and read-only disks, missing permissions, no descriptors left: one clear error, and nothing lost."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).parent / "disk_faults_program.py"
URLS = {"files": "file:{}/kept", "sqlite": "sqlite:///{}/sessions.db", "client": "client:sqlite:///{}/app.db"}
NOBODY = pwd.getpwnam("nobody").pw_uid

STORES = pytest.mark.parametrize("store", URLS)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """Mounts a file system of 3 MB for this test."""
    folder = tmp_path / "small"
    folder.mkdir()

    def mount() -> Path:
        command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
            pytest.skip("only root may mount a small file system")
        return folder

    yield mount
    if folder.is_mount():
        subprocess.run(["umount", folder], check=True)


def survives(fault: str, store: str, folder: Path, *user: str) -> str:
    """Has a site meet the fault. What its errors said."""
    command = [sys.executable, PROGRAM, fault, URLS[store].format(folder), folder, *user]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@STORES
def test_a_full_disk(store: str, mounted: Callable[[], Path]) -> None:
    told = survives("full", store, mounted())
    assert "free some space" in told


@STORES
def test_files_that_may_not_grow(store: str, tmp_path: Path) -> None:
    told = survives("limited", store, tmp_path)
    assert "ulimit -f" in told


def test_a_disk_that_is_read_only(mounted: Callable[[], Path]) -> None:
    # Linux makes none read-only while SQLite has its file open.
    assert "must be writable" in survives("read_only", "files", mounted())


@STORES
def test_a_folder_that_may_not_be_written(store: str) -> None:
    # Nothing is forbidden to root, and nobody may look below pytest's folders.
    user = [str(NOBODY)] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder:
        for name in user:
            os.chown(folder, int(name), -1)
        told = survives("unwritable", store, Path(folder), *user)
    assert "written" in told or "SESSION_FILE_DIR" in told


@STORES
def test_no_descriptors(store: str, tmp_path: Path) -> None:
    told = survives("descriptors", store, tmp_path)
    assert "ulimit -n" in told
