"""The files of this repository, as the architecture tests look at them."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = {"target", "dist", "node_modules", "flask_session_data", "__pycache__"}


def files(*endings: str) -> list[Path]:
    """Every file that people wrote, with one of these endings, below the root."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in BUILT and not name.startswith("."))
        found += [Path(folder, name) for name in sorted(names) if name.endswith(endings)]
    return found


def documents() -> list[Path]:
    return files(".md")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))
