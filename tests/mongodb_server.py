"""A server that speaks MongoDB's wire protocol, of the tests' own (`dev/servers/mongodb`)."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

from pymongo import MongoClient

SCRIPT = Path(__file__).resolve().parents[1] / "dev" / "servers" / "mongodb"


class MongoDBServer:
    """One server process; each test takes a database of its own."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.process = subprocess.Popen([SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the MongoDB server did not start"
        self.own_client: MongoClient[dict[str, Any]] = MongoClient(self.url)

    def stop(self) -> None:
        self.own_client.close()
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(120)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2].strip("/"))

    def client(self, **options: Any) -> MongoClient[dict[str, Any]]:
        return MongoClient("127.0.0.1", self.port, **options)

    def database_name(self) -> str:
        """The name of a database that is not there yet."""
        return f"sessions_{next(self.numbers)}"
