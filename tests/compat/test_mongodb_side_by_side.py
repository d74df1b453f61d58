"""Flask-Session 0.8.0 and we share one collection of MongoDB, and nobody is logged out."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from compat.conftest import interpreter

if TYPE_CHECKING:
    from mongodb_server import MongoDBServer

PROBE = """
import json, sys
from flask import Flask, session
from flask_session import Session
from pymongo import MongoClient

url, database, config, cookie, deed, look = json.loads(sys.argv[1])
app = Flask("shared")
client = MongoClient(url)
app.config.update(config, SESSION_TYPE="mongodb", SESSION_MONGODB=client, SESSION_MONGODB_DB=database)
Session(app)

@app.get("/")
def view():
    exec(deed)
    return repr(eval(look))

headers = {"Cookie": f"session={cookie}"} if cookie else {}
response = app.test_client(use_cookies=False).get("/", headers=headers)
cookies = response.headers.getlist("Set-Cookie")
sent = cookies[-1].partition(";")[0].partition("=")[2] if cookies else cookie
client.close()
print(json.dumps([response.status_code, response.text, sent]))
"""


class Conversation:
    """One browser, whose requests are answered by one release or the other."""

    def __init__(self, server: MongoDBServer, config: dict[str, Any]) -> None:
        self.server, self.config, self.database = server, config, server.database_name()
        self.cookie: str | None = None

    def ask(self, release: str, deed: str, look: str = "None") -> str:
        task = json.dumps([self.server.url, self.database, self.config, self.cookie, deed, look])
        command = [interpreter(release), "-W", "ignore", "-c", PROBE, task]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        status, body, self.cookie = json.loads(done.stdout)
        assert status == 200, body
        return body

    def documents(self) -> list[dict[str, Any]]:
        return list(self.server.own_client[self.database]["sessions"].find())


@pytest.mark.parametrize(("form", "native"), [("msgpack", True), ("json", True), ("msgpack", False)])
def test_a_session_goes_back_and_forth_without_a_log_out(
    mongodb_server: MongoDBServer, form: str, native: bool
) -> None:
    config = {"SESSION_SERIALIZATION_FORMAT": form, "SESSION_NATIVE": native}
    conversation = Conversation(mongodb_server, config)
    conversation.ask("0.8.0", 'session["user"] = "ann"; session["cart"] = [{"pen": 1}]')
    first = conversation.cookie
    (theirs,) = conversation.documents()
    assert conversation.ask("ours", 'session["user"] = "ann"', 'session["user"]') == "'ann'"
    (ours,) = conversation.documents()
    # The same document: what nothing changed is not even written, but for its life.
    assert (ours["_id"], ours["id"], ours["val"]) == (theirs["_id"], theirs["id"], theirs["val"])
    assert set(ours) == set(theirs)
    assert abs((ours["expiration"] - theirs["expiration"]).total_seconds()) < 60
    conversation.ask("ours", 'session["cart"].append({"ink": 2})')
    assert conversation.ask("0.8.0", 'session["count"] = 1', 'session["cart"]') == "[{'pen': 1}, {'ink': 2}]"
    assert conversation.ask("ours", 'session.pop("cart")', "sorted(session)") == repr(
        ["_permanent", "count", "user"]
    )
    assert conversation.ask("0.8.0", "", "sorted(session)") == repr(["_permanent", "count", "user"])
    assert conversation.cookie == first
    conversation.ask("ours", "session.clear()")
    assert not conversation.cookie
    assert conversation.documents() == []


def test_the_same_session_is_the_same_document(mongodb_server: MongoDBServer) -> None:
    written = []
    for release in ("0.8.0", "ours"):
        conversation = Conversation(mongodb_server, {"SESSION_KEY_PREFIX": "p:"})
        conversation.ask(release, 'session["user"] = "ann"; session["cart"] = [{"pen": 1.5}, None]')
        (document,) = conversation.documents()
        assert document["id"] == f"p:{conversation.cookie}"
        written.append(document)
    theirs, ours = written
    assert theirs["val"] == ours["val"]
    assert [(name, type(value)) for name, value in theirs.items()] == [
        (name, type(value)) for name, value in ours.items()
    ]
    assert abs((ours["expiration"] - theirs["expiration"]).total_seconds()) < 60


def test_both_work_on_the_indexes_that_the_other_made(mongodb_server: MongoDBServer) -> None:
    for first, second in (("0.8.0", "ours"), ("ours", "0.8.0")):
        conversation = Conversation(mongodb_server, {})
        conversation.ask(first, 'session["user"] = "ann"')
        assert conversation.ask(second, 'session["more"] = 1', 'session["user"]') == "'ann'"
        assert conversation.ask(first, "", "sorted(session)") == repr(["_permanent", "more", "user"])
        indexes = mongodb_server.own_client[conversation.database]["sessions"].index_information()
        assert indexes["expiration_1"]["expireAfterSeconds"] == 0
        assert indexes["id_1"]["unique"] is True
