"""One of `sites/`, served by a process of its own in the environment of a release."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SITES = Path(__file__).parent / "sites"
ENVIRONMENT = SITES.parent.parent.parent / ".cache" / "neighbours"
RELEASES = ("0.8.0", "ours")


PYTHON = ENVIRONMENT / "bin" / "python"


def environment(release: str) -> dict[str, str]:
    """The environment variables with which PYTHON finds that release of the package."""
    place = ENVIRONMENT / "releases" / release
    assert (place / "flask_session").is_dir(), "nothing to run the neighbours on: run dev/neighbours.py"
    return {**os.environ, "PYTHONPATH": str(place)}


class SiteProcess:
    """A site that answers on `port` until it is stopped."""

    def __init__(self, release: str, name: str, folder: Path, settings: dict[str, str]) -> None:
        self.log = folder / f"{release}-{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PYTHON, "-W", "ignore", str(SITES / "serve.py"), name],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=folder,
                env={**environment(release), **settings},
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.strip().isdigit(), self.log.read_text()
        self.port = int(line)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class SocketClient:
    """A Socket.IO client in a process of its own."""

    def __init__(self, url: str, cookie: str, transport: str) -> None:
        self.process = subprocess.Popen(
            [PYTHON, "-W", "ignore", str(SITES / "socket_client.py"), url, cookie, transport],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline().strip()

    def call(self, event: str) -> str:
        """The answer to the event, as JSON."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(event + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __enter__(self) -> SocketClient:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(60)
