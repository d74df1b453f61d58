"""Sessions in MongoDB: natively, and through the client object."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import quote

import flask
import pymongo
import pymongo.collection
import pytest
from pymongo import monitoring

from flask_session import Session, _core
from flask_session.exceptions import SessionMisconfigured, StoreUnreachable
from flask_session.mongodb import MongoDBSessionInterface
from flask_session.mongodb.store import MongoDBStore
from flask_session.mongodb.translate import Native, translate
from redis_server import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mongodb_server import MongoDBServer

MONTH = 31 * 24 * 3600
ENTRIES = b"\x82\xaa_permanent\xc3\xa1a\x01"


class Site:
    """An application on one collection, without Flask around it, and a look behind its back."""

    def __init__(self, server: MongoDBServer, client: Any, **config: Any) -> None:
        self.app = flask.Flask("site")
        database = server.database_name()
        self.app.config.update(
            {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": client, "SESSION_MONGODB_DB": database, **config}
        )
        Session(self.app)
        self.interface: Any = self.app.session_interface
        self.database = server.own_client[database]
        self.documents = self.database["sessions"]

    def open(self, sid: str | None) -> Any:
        header = {"HTTP_COOKIE": f"session={sid}"} if sid else {}
        return self.interface.open_session(self.app, self.app.request_class(header))

    def save(self, session: Any) -> flask.Response:
        response = flask.Response()
        self.interface.save_session(self.app, session, response)
        return response

    def new(self, **entries: Any) -> str:
        session = self.open(None)
        session.update(entries)
        self.save(session)
        return str(session.sid)

    def document(self, sid: str) -> Any:
        return self.documents.find_one({"id": f"session:{sid}"})

    def put(self, sid: str, **fields: Any) -> None:
        self.documents.insert_one({"id": f"session:{sid}", **fields})

    def commands(self) -> list[str]:
        """The commands since the server was told to note them."""
        noted = self.database["system.profile"].find({"ns": self.documents.full_name})
        return [next(iter(one["command"])) for one in noted]


@pytest.fixture
def clients() -> Iterator[list[pymongo.MongoClient]]:
    made: list[pymongo.MongoClient] = []
    yield made
    for client in made:
        client.close()


@pytest.fixture(params=["native", "client"])
def open_site(
    request: pytest.FixtureRequest, mongodb_server: MongoDBServer, clients: list[Any]
) -> Callable[..., Site]:
    """Opens sites on the server: natively, or through pymongo."""

    def opened(**config: Any) -> Site:
        clients.append(mongodb_server.client())
        native = request.param == "native"
        site = Site(mongodb_server, clients[-1], SESSION_NATIVE=native, **config)
        assert isinstance(site.interface._current_store(), _core.Store if native else MongoDBStore)
        return site

    return opened


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site()


def sid(letter: str) -> str:
    return letter * 43


def test_a_document_is_as_flask_session_writes_it(site: Site) -> None:
    made = site.new(a=1)
    document = site.document(made)
    assert set(document) == {"_id", "id", "val", "expiration"}
    assert document["val"] == ENTRIES
    left = document["expiration"] - datetime.now(timezone.utc).replace(tzinfo=None)
    assert timedelta(seconds=MONTH - 60) < left <= timedelta(seconds=MONTH)
    assert site.open(made)["a"] == 1
    assert site.interface.guarantee == "merge"


@pytest.mark.shows("mongodb-is-indexed")
def test_the_first_write_makes_both_indexes(site: Site) -> None:
    assert site.open(sid("x")).new
    assert site.documents.index_information() == {}
    site.new(a=1)
    indexes = site.documents.index_information()
    assert indexes["id_1"]["unique"] is True
    assert indexes["expiration_1"]["expireAfterSeconds"] == 0


def test_a_read_is_one_command_and_a_change_one_more(open_site: Callable[..., Site]) -> None:
    site = open_site(SESSION_TOUCH_INTERVAL=3600)
    made = site.new(a=1)
    site.database.command("profile", 2)
    session = site.open(made)
    assert session["a"] == 1
    session["b"] = 2
    site.save(session)
    assert site.commands() == ["find", "update"]
    site.interface._touches = None
    assert site.open(made)["b"] == 2
    assert site.commands() == ["find", "update", "findAndModify"]


def test_an_expired_session_is_absent_although_the_server_has_not_removed_it(site: Site) -> None:
    made = site.new(a=1)
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    site.documents.update_one({"id": f"session:{made}"}, {"$set": {"expiration": past}})
    assert site.open(made).new
    store = site.interface._current_store()
    assert store.get(f"session:{made}") is None
    assert not store.touch(f"session:{made}", 60)


def test_sessions_of_older_releases_are_read(site: Site) -> None:
    pickled = pickle.dumps({"_permanent": True, "user": "ann", "pair": (1, 2)})
    site.put(sid("a"), val=pickled, expiration=None)
    site.put(sid("b"), val=pickled, expiration=datetime.now(timezone.utc) + timedelta(hours=1))
    site.put(sid("c"), val=pickled)
    for letter in "abc":
        session = site.open(sid(letter))
        assert (session["user"], session["pair"]) == ("ann", (1, 2))
        session["more"] = 1
        site.save(session)
        assert site.document(sid(letter))["expiration"] is not None
        assert dict(site.open(sid(letter)))["more"] == 1
    site.put(sid("d"), val=pickled, expiration=datetime.now(timezone.utc) - timedelta(hours=1))
    assert site.open(sid("d")).new


def test_two_writers_keep_both(site: Site) -> None:
    made = site.new(text="x" * 10_000)
    one, other = site.open(made), site.open(made)
    one["a"], other["b"] = 1, 2
    site.save(one)
    site.save(other)
    found = site.open(made)
    assert (found["a"], found["b"], len(found["text"])) == (1, 2, 10_000)


def test_a_log_out_is_final(site: Site) -> None:
    made = site.new(a=1)
    slow, leaving = site.open(made), site.open(made)
    slow["b"] = 2
    leaving.clear()
    assert "Set-Cookie" in site.save(leaving).headers
    assert "Set-Cookie" not in site.save(slow).headers
    assert site.document(made) is None


def test_further_fields_that_an_application_added_stay(site: Site) -> None:
    made = site.new(a=1)
    site.documents.update_one({"id": f"session:{made}"}, {"$set": {"note": "mine"}})
    session = site.open(made)
    session["b"] = 2
    site.save(session)
    assert site.document(made)["note"] == "mine"


def test_duplicates_do_not_stop_the_application_and_are_told_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        site.put(sid("d"), val=ENTRIES, expiration=None)
    made = site.new(a=1)
    site.save(site.open(made))
    told = [record for record in caplog.records if "drop the index id_1" in record.message]
    assert len(told) == 1
    assert site.interface.guarantee == "overwrite"
    session = site.open(sid("d"))
    session.clear()
    site.save(session)
    assert site.document(sid("d")) is None
    assert not site.documents.index_information()["id_1"].get("unique")


def test_where_the_server_does_not_expire_them_the_command_removes_them(site: Site) -> None:
    site.documents.create_index("expiration")
    site.new(a=1)
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    for letter in "abc":
        site.put(sid(letter), val=ENTRIES, expiration=past)
    result = site.app.test_cli_runner().invoke(args=["session_cleanup"])
    assert result.exit_code == 0, result.output
    assert site.documents.count_documents({}) == 1


def test_a_damaged_document_costs_one_fresh_session(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.put(sid("a"), val=5, expiration=None)
    session = site.open(sid("a"))
    assert session.get("a") is None
    assert "could not be read" in caplog.text


def test_client_db_and_store_are_pymongos(site: Site) -> None:
    made = site.new(a=1)
    assert isinstance(site.interface.client, pymongo.MongoClient)
    assert site.interface.db.name == site.database.name
    assert site.interface.store.find_one({"id": f"session:{made}"})["val"] == ENTRIES


def test_a_url_names_the_database_unless_the_setting_does(
    mongodb_server: MongoDBServer, clients: list[Any]
) -> None:
    name = mongodb_server.database_name()
    for config, expected in (({}, name), ({"SESSION_MONGODB_DB": f"{name}_set"}, f"{name}_set")):
        for native in (True, False):
            config = {"SESSION_MONGODB_DB": None, **config, "SESSION_NATIVE": native}
            site = Site(mongodb_server, f"{mongodb_server.url}{name}", **config)
            made = site.new(a=1)
            assert site.interface.db.name == expected
            assert mongodb_server.own_client[expected]["sessions"].find_one({"id": f"session:{made}"})
            clients.append(site.interface.client)


def test_a_client_whose_url_names_a_database_keeps_sessions_where_0_8_0_does(clients: list[Any]) -> None:
    clients.append(pymongo.MongoClient("mongodb://h/other", connect=False))
    interface = MongoDBSessionInterface(None, clients[-1])
    assert interface.db.name == "flask_session"
    assert interface.store.name == "sessions"


TRANSLATED: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    ((), {}, "mongodb://localhost:27017/"),
    (("h", 1), {"tz_aware": True, "retryWrites": False}, "mongodb://h:1/"),
    (("h:1,i",), {"replicaSet": "r"}, "mongodb://h:1,i:27017/?replicaSet=r"),
    ((["h", "i:2"],), {"timeoutMS": 900}, "mongodb://h:27017,i:2/?timeoutMS=900"),
    (("[::1]",), {}, "mongodb://[::1]:27017/"),
    (
        ("h",),
        {"username": "u@", "password": "p/ ä", "authSource": "a", "authMechanism": "SCRAM-SHA-256"},
        "mongodb://u%40:p%2F+%C3%A4@h:27017/?authSource=a&authMechanism=SCRAM-SHA-256",
    ),
    (
        ("mongodb://u:p%40@h/d?w=majority",),
        {"maxPoolSize": 3},
        "mongodb://u:p%40@h/d?w=majority&maxPoolSize=3",
    ),
    (("mongodb://h/?socketTimeoutMS=9",), {"socketTimeoutMS": 5}, "mongodb://h/?socketTimeoutMS=5"),
    (("mongodb://h",), {"directConnection": True}, "mongodb://h/?directConnection=true"),
    (
        ("h",),
        {"tls": True, "tlsAllowInvalidCertificates": True, "tlsCAFile": __file__},
        f"mongodb://h:27017/?tls=true&tlsAllowInvalidCertificates=true&tlsCAFile={quote(__file__, safe='')}",
    ),
]


@pytest.mark.parametrize(("positional", "keywords", "url"), TRANSLATED)
def test_arguments_are_translated(
    positional: tuple[Any, ...], keywords: dict[str, Any], url: str, clients: list[Any], monkeypatch: Any
) -> None:
    if "tlsCAFile" in keywords:
        monkeypatch.setattr("pymongo.client_options.get_ssl_context", mock.Mock())
    clients.append(pymongo.MongoClient(*positional, **keywords, connect=False))
    found = translate(clients[-1])
    assert isinstance(found, Native), found
    assert found.url == url
    assert isinstance(_core.Store.open(found.url), _core.Store)
    assert "p%2F" not in repr(found)


class Subclass(pymongo.MongoClient):
    pass


class Listener(monitoring.CommandListener):
    def started(self, event: Any) -> None: ...
    def succeeded(self, event: Any) -> None: ...
    def failed(self, event: Any) -> None: ...


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Subclass(connect=False), "Subclass"),
        (lambda: pymongo.MongoClient(connect=False, event_listeners=[Listener()]), "listened to"),
        (lambda: pymongo.MongoClient(connect=False, w=0), "doesn't wait"),
        (lambda: pymongo.MongoClient("mongodb://u:p@h/?authMechanism=PLAIN", connect=False), "authMechanism"),
        (
            lambda: pymongo.MongoClient(connect=False, server_api=pymongo.server_api.ServerApi("1")),
            "server_api",
        ),
    ],
)
def test_what_is_not_understood_completely_is_not_translated(
    make: Callable[[], Any], reason: str, clients: list[Any], mongodb_server: MongoDBServer
) -> None:
    clients.append(make())
    found = translate(clients[-1])
    assert not isinstance(found, Native)
    assert reason in found.reason
    site = Site(mongodb_server, clients[-1])
    assert isinstance(site.interface._current_store(), MongoDBStore)


def test_a_client_with_a_replaced_function_is_driven_itself(
    mongodb_server: MongoDBServer, clients: list[Any]
) -> None:
    clients.append(mongodb_server.client())
    with mock.patch.object(pymongo.collection.Collection, "find_one", autospec=True):
        assert "find_one" in translate(clients[-1]).reason  # type: ignore[union-attr]
    assert isinstance(translate(clients[-1]), Native)


def test_the_client_may_be_swapped_while_the_application_runs(
    site: Site, mongodb_server: MongoDBServer, clients: list[Any]
) -> None:
    made = site.new(a=1)
    first = site.interface._current_store()
    assert site.interface._current_store() is first
    clients.append(mongodb_server.client())
    site.interface.client = clients[-1]
    assert site.interface._current_store() is not first
    assert site.open(made)["a"] == 1


def test_an_assigned_collection_is_used_itself(site: Site, mongodb_server: MongoDBServer) -> None:
    other = mongodb_server.own_client[mongodb_server.database_name()]["visits"]
    site.interface.store = other
    made = site.new(a=1)
    assert other.find_one({"id": f"session:{made}"}) is not None
    assert site.document(made) is None


@pytest.mark.parametrize(
    "client", [5, object(), pymongo.MongoClient, {"get": 1}, "localhost:27017", b"mongodb://h"], ids=repr
)
def test_what_is_no_client_is_an_error_that_names_the_key(client: Any, mongodb_server: MongoDBServer) -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_MONGODB"):
        Site(mongodb_server, client)


@pytest.mark.skipif(not hasattr(pymongo, "AsyncMongoClient"), reason="there is none up to pymongo 4.8")
def test_an_asynchronous_client_is_an_error_at_the_start(mongodb_server: MongoDBServer) -> None:
    with pytest.raises(SessionMisconfigured, match="AsyncMongoClient"):
        Site(mongodb_server, pymongo.AsyncMongoClient(connect=False))


def test_a_url_that_cannot_be_read_is_an_error_that_keeps_the_password(mongodb_server: MongoDBServer) -> None:
    for url in ("mongodb://u:hush@h:port/", "mongodb://u:hu/sh@h", "mongodb://u:hush@h/?w=0"):
        site = Site(mongodb_server, url)
        with pytest.raises(SessionMisconfigured, match="SESSION_MONGODB") as raised:
            site.interface._current_store()
        assert "hush" not in str(raised.value)


def test_nothing_given_means_localhost_with_flask_sessions_warning() -> None:
    with pytest.warns(RuntimeWarning, match="No valid MongoClient instance provided"):
        interface = MongoDBSessionInterface(flask.Flask("made"))
    client: Any = interface.client
    assert client._topology_settings.seeds == {("127.0.0.1", 27017)}
    client.close()


@pytest.mark.parametrize("native", [True, False])
def test_a_server_out_of_reach_is_one_clear_error_in_time(
    mongodb_server: MongoDBServer, native: bool
) -> None:
    url = f"mongodb://u:hush@127.0.0.1:{free_port()}/?serverSelectionTimeoutMS=500"
    site = Site(mongodb_server, url, SESSION_NATIVE=native)
    with pytest.raises(StoreUnreachable, match="no server that takes writes") as raised:
        site.open(sid("a")).get("a")
    assert "hush" not in str(raised.value)
    if not native:
        site.interface.client.close()


def test_both_generations_of_constructors(clients: list[Any]) -> None:
    clients.append(pymongo.MongoClient(connect=False))
    client, app = clients[-1], flask.Flask("made")
    made = MongoDBSessionInterface(app, client, "p:", True, False, 16, "json", "d", "c")
    assert (made.app, made.client, made.key_prefix, made.use_signer) == (app, client, "p:", True)
    assert (made.permanent, made.sid_length, made.serializer.codec.format) == (False, 16, "json")
    assert (made.db.name, made.store.name) == ("d", "c")
    older = MongoDBSessionInterface(client, "d", "c", "p:", True, False)
    assert (older.app, older.client, older.key_prefix, older.use_signer) == (None, client, "p:", True)
    assert (older.permanent, older.db.name, older.store.name) == (False, "d", "c")


FORKING = """
import os, sys, warnings
import flask, pymongo
from flask_session import Session

url, name, native = sys.argv[1:]
app = flask.Flask("forking")
client = pymongo.MongoClient(url)
client.admin.command("ping")
app.config.update(
    SESSION_TYPE="mongodb", SESSION_MONGODB=client, SESSION_MONGODB_DB=name, SESSION_NATIVE=native == "native"
)
Session(app)
interface = app.session_interface
store = interface._current_store()

def own(number):
    key = f"session:{'a' * 40}{number}"
    for turn in range(10):
        payload = b"%d of %d" % (turn, number)
        store.put(key, payload, 100)
        assert store.get(key) == payload, (number, turn)

own(9)
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        try:
            own(number)
            os._exit(0)
        finally:
            os._exit(1)
    children.append(child)
own(9)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
client.close()
"""


@pytest.mark.parametrize("way", ["native", "client"])
def test_forked_children_see_only_their_own_sessions(mongodb_server: MongoDBServer, way: str) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        FORKING,
        mongodb_server.url,
        mongodb_server.database_name(),
        way,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
