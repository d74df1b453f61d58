"""Flask-Session 0.8.0 and we share one table of DynamoDB, in both directions, and nobody is logged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compat.conversation import Conversation

if TYPE_CHECKING:
    from dynamodb_server import DynamoDBServer

CLIENT = """
def open_client(endpoint, table):
    import boto3
    client = boto3.resource(
        "dynamodb", endpoint_url=endpoint, region_name="eu-central-1",
        aws_access_key_id="key", aws_secret_access_key="secret",
    )
    return client, {"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": client, "SESSION_DYNAMODB_TABLE": table}
"""


class Talk(Conversation):
    """On a table of its own."""

    def __init__(self, server: DynamoDBServer, **config: Any) -> None:
        self.server, self.table = server, server.table_name()
        super().__init__(CLIENT, [server.address, self.table], config)

    def item(self) -> dict[str, Any] | None:
        """The one item, or None; its end, in whole seconds, is left out."""
        items = self.server.resource().Table(self.table).scan()["Items"]
        assert len(items) <= 1
        return {**items[0], "expiration": "set"} if items else None


@pytest.mark.parametrize("form", ["msgpack", "json"])
def test_a_session_goes_back_and_forth_without_a_log_out(dynamodb_server: DynamoDBServer, form: str) -> None:
    talk = Talk(dynamodb_server, SESSION_SERIALIZATION_FORMAT=form)
    talk.goes_back_and_forth(talk.item)


def test_the_same_session_is_the_same_item(dynamodb_server: DynamoDBServer) -> None:
    written = []
    for release in ("0.8.0", "ours"):
        talk = Talk(dynamodb_server, SESSION_KEY_PREFIX="p:")
        talk.ask(release, 'session["user"] = "ann"; session["cart"] = [{"pen": 1.5}, None]')
        (item,) = dynamodb_server.resource().Table(talk.table).scan()["Items"]
        assert item.pop("id") == f"p:{talk.cookie}"
        written.append(item)
    theirs, ours = written
    assert abs(ours.pop("expiration") - theirs.pop("expiration")) < 60
    assert theirs == ours
