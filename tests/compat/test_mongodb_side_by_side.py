"""Flask-Session 0.8.0 and we share one collection of MongoDB, and nobody is logged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compat.conversation import Conversation

if TYPE_CHECKING:
    from mongodb_server import MongoDBServer

CLIENT = """
def open_client(url, database):
    from pymongo import MongoClient
    client = MongoClient(url)
    return client, {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": client, "SESSION_MONGODB_DB": database}
"""


class Talk(Conversation):
    """On a database of its own."""

    def __init__(self, server: MongoDBServer, **config: Any) -> None:
        self.server, self.database = server, server.database_name()
        super().__init__(CLIENT, [server.url, self.database], config)

    def documents(self) -> list[dict[str, Any]]:
        return list(self.server.own_client[self.database]["sessions"].find())

    def document(self) -> dict[str, Any] | None:
        """The one document without its end, or None."""
        documents = self.documents()
        assert len(documents) <= 1
        return {**documents[0], "expiration": "set"} if documents else None


@pytest.mark.parametrize(("form", "native"), [("msgpack", True), ("json", True), ("msgpack", False)])
def test_a_session_goes_back_and_forth_without_a_log_out(
    mongodb_server: MongoDBServer, form: str, native: bool
) -> None:
    talk = Talk(mongodb_server, SESSION_SERIALIZATION_FORMAT=form, SESSION_NATIVE=native)
    talk.goes_back_and_forth(talk.document)


def test_the_same_session_is_the_same_document(mongodb_server: MongoDBServer) -> None:
    written = []
    for release in ("0.8.0", "ours"):
        talk = Talk(mongodb_server, SESSION_KEY_PREFIX="p:")
        talk.ask(release, 'session["user"] = "ann"; session["cart"] = [{"pen": 1.5}, None]')
        (document,) = talk.documents()
        assert document["id"] == f"p:{talk.cookie}"
        written.append(document)
    theirs, ours = written
    assert theirs["val"] == ours["val"]
    assert [(name, type(value)) for name, value in theirs.items()] == [
        (name, type(value)) for name, value in ours.items()
    ]
    assert abs((ours["expiration"] - theirs["expiration"]).total_seconds()) < 60


def test_both_work_on_the_indexes_that_the_other_made(mongodb_server: MongoDBServer) -> None:
    for first, second in (("0.8.0", "ours"), ("ours", "0.8.0")):
        talk = Talk(mongodb_server)
        talk.ask(first, 'session["user"] = "ann"')
        assert talk.ask(second, 'session["more"] = 1', 'session["user"]') == "'ann'"
        assert talk.ask(first, "", "sorted(session)") == repr(["_permanent", "more", "user"])
        indexes = mongodb_server.own_client[talk.database]["sessions"].index_information()
        assert indexes["expiration_1"]["expireAfterSeconds"] == 0
        assert indexes["id_1"]["unique"] is True
