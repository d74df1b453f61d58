"""A server of the tests' own, started by its script in `dev/servers`."""

from __future__ import annotations

import subprocess
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1] / "dev" / "servers"


class StartedServer:
    """A running script; `address` is the URL that it told."""

    def __init__(self, name: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [SCRIPTS / name, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = self.url = self.process.stdout.readline().strip()
        assert self.address, f"dev/servers/{name} did not start"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2].partition("/")[0])

    def stop(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(60)
