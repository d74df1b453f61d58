"""A DynamoDB server of the tests' own (`dev/servers/dynamodb`), in a process of its own."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

from flask_session.dynamodb.resource import resource_at

SCRIPT = Path(__file__).resolve().parents[1] / "dev" / "servers" / "dynamodb"


class DynamoDBServer:
    """One server process; each test takes a table of its own."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.process = subprocess.Popen([SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        assert address, "the DynamoDB server did not start"
        self.endpoint = address
        self.url = address.replace("//", "//key:secret@") + "?region=eu-central-1"

    def stop(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(20)

    def resource(self) -> Any:
        return resource_at(self.url)

    def table_name(self) -> str:
        """The name of a table that is not there yet."""
        return f"Sessions{next(self.numbers)}"
