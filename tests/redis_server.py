"""A real redis-server of the tests' own: loopback, a free port, nothing written to disk."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import uuid
from contextlib import contextmanager
from inspect import signature
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from collections.abc import Iterator

START_LIMIT = 120.0


def free_port() -> int:
    """A port that stays ours: a bound socket keeps others from it, and yet a server may listen on it."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    bound.detach()  # closed when this process ends
    return port


class RedisServer:
    """One server process. Stopped and started again, it listens on the same port, empty."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> RedisServer:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "no", "--databases", "64", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
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

    def url(self, database: int = 0, credentials: str = "") -> str:
        return f"redis://{credentials}127.0.0.1:{self.port}/{database}"

    def client(self, database: int = 0, **options: object) -> redis.Redis:
        if "driver_info" not in signature(redis.Redis).parameters:
            options.pop("driver_info", None)
        return redis.Redis(host="127.0.0.1", port=self.port, db=database, **options)

    @contextmanager
    def monitored(self) -> Iterator[Monitor]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as connection:
            connection.sendall(b"MONITOR\r\n")
            monitor = Monitor(connection, self)
            assert monitor.lines.readline() == b"+OK\r\n"
            yield monitor


class Monitor:
    """What clients sent since it began, connection set-up and the lines that scripts cause apart."""

    SET_UP = frozenset({"AUTH", "HELLO", "SELECT", "CLIENT", "PING", "COMMAND", "INFO", "ACL", "SCRIPT"})

    def __init__(self, connection: socket.socket, server: RedisServer) -> None:
        self.lines = connection.makefile("rb")
        self.server = server

    def commands(self) -> list[list[str]]:
        """The commands since the last call, each as a list of its words."""
        mark = uuid.uuid4().hex
        self.server.client().echo(mark)
        commands = []
        while mark not in (line := self.lines.readline().decode("utf-8", "replace")):
            source, _, command = line.partition("] ")
            words = re.findall(r'"((?:[^"\\]|\\.)*)"', command)
            if not source.endswith(" lua") and words and words[0].upper() not in self.SET_UP:
                commands.append([words[0].upper(), *words[1:]])
        return commands
