"""Our codec beside msgspec: what codec.py says in its own process."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

import sides
from report import Spread, spread


@dataclass
class Line:
    """One format, direction and size: microseconds, and how many times as fast ours is."""

    format: str
    bytes: int
    verb: str
    msgspec: Spread
    ours: Spread
    ratio: Spread

    def __str__(self) -> str:
        what = f"{self.format:8} {self.verb} {self.bytes:6} B"
        return f"codec {what}  msgspec {self.msgspec}  ours {self.ours}  x {self.ratio}"


def line(found: dict[str, Any]) -> Line:
    msgspec, ours = found["msgspec"], found["ours"]
    ratio = spread([theirs / own for theirs, own in zip(msgspec, ours, strict=True)])
    return Line(found["format"], found["bytes"], found["verb"], spread(msgspec), spread(ours), ratio)


def measure(_: int, *, quick: bool) -> list[Line]:  # noqa: ARG001 - it takes seconds
    """Each format, size and direction."""
    command = [sides.PYTHON, sides.HERE / "codec.py"]
    done = subprocess.run(command, env=sides.environment("ours"), stdout=subprocess.PIPE, check=True)
    lines = [line(json.loads(found)) for found in done.stdout.splitlines()]
    for one in lines:
        print(one, flush=True)
    return lines
