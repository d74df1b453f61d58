"""Our codec beside msgspec: what codec.py says in its own process."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

import sides


@dataclass
class Line:
    """One format, direction and size: microseconds, and how many times as fast ours is."""

    format: str
    bytes: int
    verb: str
    ours: float
    msgspec: float
    ratio: float

    def __str__(self) -> str:
        what = f"{self.format:8} {self.verb} {self.bytes:6} B"
        return f"codec {what}  msgspec {self.msgspec:8.2f}  ours {self.ours:8.2f}  {self.ratio:.2f}x"


def measure(_: int, *, quick: bool) -> list[Line]:  # noqa: ARG001 - it takes seconds
    """Each format, size and direction."""
    command = [sides.PYTHON, sides.HERE / "codec.py"]
    done = subprocess.run(command, env=sides.environment("ours"), stdout=subprocess.PIPE, check=True)
    lines = [Line(**json.loads(line)) for line in done.stdout.splitlines()]
    for line in lines:
        print(line, flush=True)
    return lines
