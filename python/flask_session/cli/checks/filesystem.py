"""The folder of session files: who owns it, who may look into it, how full its disk is."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...filesystem.filesystem import SESSION_FILE_MODE, SESSION_FILE_THRESHOLD
from .finding import Finding, advice, ok, problem

LITTLE = 0.05
"""The part of a disk that is little, if no more is free,"""
ENOUGH = 1 << 30
"""and fewer bytes than these: a twentieth of a large disk is much for sessions."""


def check(app: Any, interface: Any) -> Iterator[Finding]:
    """Findings about SESSION_FILE_DIR and what is in it."""
    folder = Path(interface._directory)
    if not folder.is_dir():
        yield ok("folder", "is made with the first session")
        return
    found = folder.stat()
    if found.st_uid != os.geteuid():
        yield problem(
            "folder",
            f"belongs to user {found.st_uid}, and this process is user {os.geteuid()}",
            "run this command as the user that serves the application, or change the owner",
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o022:
        yield problem("folder", f"others may put files there (mode {mode:o})", f"chmod 700 {folder}")
    elif mode & 0o077:
        yield advice("folder", f"others may list it (mode {mode:o})", f"chmod 700 {folder}")
    else:
        yield ok("folder", f"is this user's alone (mode {mode:o})")
    files = SESSION_FILE_MODE.read(app.config)
    if files & 0o077:
        yield advice(
            "files", f"others may read or write sessions (mode {files:o})", "leave SESSION_FILE_MODE out"
        )
    if folder.is_relative_to(tempfile.gettempdir()):
        yield advice("folder", "is a temporary one: a restart may empty it", "set SESSION_FILE_DIR elsewhere")
    if SESSION_FILE_THRESHOLD.given(app.config) and SESSION_FILE_THRESHOLD.read(app.config):
        yield advice(
            "threshold",
            f"beyond {SESSION_FILE_THRESHOLD.read(app.config)} sessions, live ones are deleted",
            "leave SESSION_FILE_THRESHOLD out",
        )
    disk = shutil.disk_usage(folder)
    if disk.free < min(disk.total * LITTLE, ENOUGH):
        yield problem("disk", f"only {disk.free} of {disk.total} bytes are free", "make room")
