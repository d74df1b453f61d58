"""A server of the table, running in a process group of its own."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from redis_server import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
LIMIT = 120.0


class RunningServer:
    """Started from its line of the table; answers once `await_answer` has returned."""

    def __init__(self, line: str, told: dict[str, str], broker: str, folder: Path) -> None:
        self.port = free_port()
        command = line.format(
            python=sys.executable, bin=Path(sys.executable).parent, port=self.port, folder=folder
        )
        environment = {
            **os.environ,
            "PLACE": json.dumps(told),
            "BROKER": broker,
            "PYTHONPATH": f"{HERE}:{HERE.parent}",
        }
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                shlex.split(command),
                cwd=HERE,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_answer(self) -> None:
        def answers() -> bool:
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
            with suppress(OSError, http.client.HTTPException):
                return self.get("/ready", None)[0] == 200
            return False

        assert waited_for(answers), f"no answer:\n{self.log.read_text()}"

    def get(self, path: str, cookie: str | None) -> tuple[int, str, str | None]:
        """Status, text and the session cookie that was set. A connection of its own: workers come and go."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        try:
            headers = {"Connection": "close", **({"Cookie": cookie} if cookie else {})}
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            text = response.read().decode()
            return response.status, text, response.headers.get("Set-Cookie")
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """Those of its group that live."""
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                # After the name, which may hold anything: state, parent, group.
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(group) == self.process.pid and state != "Z":
                    found.append(int(entry.name))
        return found

    def files_open_in(self, folder: Path) -> int:
        """The most that any process has open there."""
        return max((open_files(process, folder) for process in self.processes()), default=0)

    def stop(self) -> list[int]:
        """Asks it to end, as an operator would. Returns the processes that are left, and ends them too."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(LIMIT)
        waited_for(lambda: not self.processes())
        left = self.processes()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(LIMIT)
        return left


def open_files(process: int, folder: Path) -> int:
    count = 0
    with suppress(OSError):
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                count += str(descriptor.readlink()).startswith(str(folder / "sessions"))
    return count


def waited_for(condition: Callable[[], bool]) -> bool:
    """Whether it came true within the limit."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
