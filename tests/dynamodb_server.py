"""A DynamoDB server of the tests' own, in a process of its own."""

from __future__ import annotations

import itertools
from typing import Any

from flask_session.dynamodb.resource import resource_at
from started_server import StartedServer


class DynamoDBServer(StartedServer):
    """One server process; each test takes a table of its own."""

    def __init__(self) -> None:
        super().__init__("dynamodb")
        self.numbers = itertools.count()
        self.url = self.address.replace("//", "//key:secret@") + "?region=eu-central-1"

    def resource(self) -> Any:
        return resource_at(self.url)

    def table_name(self) -> str:
        """The name of a table that is not there yet."""
        return f"Sessions{next(self.numbers)}"
