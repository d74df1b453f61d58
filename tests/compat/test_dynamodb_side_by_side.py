"""Flask-Session 0.8.0 and we share one table of DynamoDB, in both directions, and nobody is logged out."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from compat.conftest import interpreter

if TYPE_CHECKING:
    from dynamodb_server import DynamoDBServer

PROBE = """
import json, sys
import boto3
from flask import Flask, session
from flask_session import Session

endpoint, table, config, cookie, deed, look = json.loads(sys.argv[1])
app = Flask("shared")
client = boto3.resource(
    "dynamodb", endpoint_url=endpoint, region_name="eu-central-1",
    aws_access_key_id="key", aws_secret_access_key="secret",
)
app.config.update(config, SESSION_TYPE="dynamodb", SESSION_DYNAMODB=client, SESSION_DYNAMODB_TABLE=table)
Session(app)

@app.get("/")
def view():
    exec(deed)
    return repr(eval(look))

headers = {"Cookie": f"session={cookie}"} if cookie else {}
response = app.test_client(use_cookies=False).get("/", headers=headers)
cookies = response.headers.getlist("Set-Cookie")
sent = cookies[-1].partition(";")[0].partition("=")[2] if cookies else cookie
print(json.dumps([response.status_code, response.text, sent]))
"""


class Conversation:
    """One browser, whose requests are answered by one release or the other."""

    def __init__(self, server: DynamoDBServer, config: dict[str, Any]) -> None:
        self.server, self.config, self.table = server, config, server.table_name()
        self.cookie: str | None = None

    def ask(self, release: str, deed: str, look: str = "None") -> str:
        task = json.dumps([self.server.address, self.table, self.config, self.cookie, deed, look])
        command = [interpreter(release), "-W", "ignore", "-c", PROBE, task]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        status, body, self.cookie = json.loads(done.stdout)
        assert status == 200, body
        return body

    def items(self) -> list[dict[str, Any]]:
        return self.server.resource().Table(self.table).scan()["Items"]


@pytest.mark.parametrize("form", ["msgpack", "json"])
def test_a_session_goes_back_and_forth_without_a_log_out(dynamodb_server: DynamoDBServer, form: str) -> None:
    conversation = Conversation(dynamodb_server, {"SESSION_SERIALIZATION_FORMAT": form})
    conversation.ask("0.8.0", 'session["user"] = "ann"; session["cart"] = [{"pen": 1}]')
    first = conversation.cookie
    (theirs,) = conversation.items()
    assert conversation.ask("ours", 'session["user"] = "ann"', 'session["user"]') == "'ann'"
    (ours,) = conversation.items()
    # The same item: what nothing changed is not even written, but for its life, in whole seconds.
    assert (ours["id"], ours["val"]) == (theirs["id"], theirs["val"])
    assert set(ours) == set(theirs)
    assert abs(ours["expiration"] - theirs["expiration"]) < 60
    conversation.ask("ours", 'session["cart"].append({"ink": 2})')
    assert conversation.ask("0.8.0", 'session["count"] = 1', 'session["cart"]') == "[{'pen': 1}, {'ink': 2}]"
    assert conversation.ask("ours", 'session.pop("cart")', "sorted(session)") == repr(
        ["_permanent", "count", "user"]
    )
    assert conversation.ask("0.8.0", "", "sorted(session)") == repr(["_permanent", "count", "user"])
    assert conversation.cookie == first
    conversation.ask("ours", "session.clear()")
    assert not conversation.cookie
    assert conversation.items() == []


def test_the_same_session_is_the_same_item(dynamodb_server: DynamoDBServer) -> None:
    written = []
    for release in ("0.8.0", "ours"):
        conversation = Conversation(dynamodb_server, {"SESSION_KEY_PREFIX": "p:"})
        conversation.ask(release, 'session["user"] = "ann"; session["cart"] = [{"pen": 1.5}, None]')
        (item,) = conversation.items()
        assert item["id"] == f"p:{conversation.cookie}"
        written.append(item)
    assert written[0]["val"] == written[1]["val"]
    assert set(written[0]) == set(written[1])
