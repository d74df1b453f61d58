"""A real memcached of the tests' own: loopback, a free port."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from redis_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

START_LIMIT = 120.0


class MemcachedServer:
    """One server process. Stopped and started again, it listens on the same port, empty."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> MemcachedServer:
        command = ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0"]
        self.process = subprocess.Popen(
            [*command, *self.options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                self.command("version")
                return self
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """The process stands still: connections are accepted by the kernel, and nothing answers."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"memcached://{self.address}"

    def command(self, lines: str) -> bytes:
        """What the server answers, up to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as connection:
            connection.sendall(f"{lines}\r\nquit\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def get(self, key: str) -> tuple[int, bytes] | None:
        """The flags and the bytes of an item."""
        found = re.match(rb"VALUE \S+ (\d+) (\d+)\r\n", answer := self.command(f"get {key}"))
        if found is None:
            return None
        return int(found[1]), answer[found.end() : found.end() + int(found[2])]

    def life(self, key: str) -> int:
        """The seconds that an item has left; -1 is for ever."""
        found = re.match(rb"HD t(-?\d+)", self.command(f"mg {key} t"))
        assert found is not None
        return int(found[1])

    def stored(self) -> list[str]:
        # This command ends by END, and hears no other before.
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as connection:
            connection.sendall(b"lru_crawler metadump all\r\n")
            dump = b""
            while not dump.endswith(b"END\r\n"):
                dump += connection.recv(65536)
        return [unquote(key) for key in re.findall(r"^key=(\S+)", dump.decode(), re.MULTILINE)]

    def counted(self, name: str) -> int:
        """One number of the server's statistics."""
        found = re.search(rf"STAT {name} (\d+)", self.command("stats").decode())
        assert found is not None
        return int(found[1])
