"""Sessions in DynamoDB, on a server that speaks its protocol."""

from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import flask
import pytest

from flask_session import (
    DynamoDBSessionInterface,
    Session,
    SessionMisconfigured,
    SessionTooLarge,
    StoreUnreachable,
)
from flask_session.dynamodb.resource import resource_at
from redis_server import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamodb_server import DynamoDBServer

HOUR = 3600
ENTRIES = b"\x82\xaa_permanent\xc3\xa1a\x01"


class Site:
    """An application on one table, without HTTP."""

    def __init__(self, client: Any, table: str, **config: Any) -> None:
        self.app = flask.Flask("dynamodb")
        self.app.config.update(
            SESSION_TYPE="dynamodb", SESSION_DYNAMODB=client, SESSION_DYNAMODB_TABLE=table, **config
        )
        Session(self.app)
        self.interface: Any = self.app.session_interface
        self.table = self.interface.store

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
        return session.sid

    def item(self, sid: str) -> Any:
        return self.table.get_item(Key={"id": f"session:{sid}"}).get("Item")

    def put(self, sid: str, expiration: Any) -> None:
        self.table.put_item(Item={"id": f"session:{sid}", "val": ENTRIES, "expiration": expiration})

    def time_to_live(self) -> Any:
        client = self.interface.client.meta.client
        return client.describe_time_to_live(TableName=self.table.name)["TimeToLiveDescription"]


@pytest.fixture
def open_site(dynamodb_server: DynamoDBServer) -> Callable[..., Site]:
    def opened(**config: Any) -> Site:
        return Site(dynamodb_server.resource(), dynamodb_server.table_name(), **config)

    return opened


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site()


def make_table(site: Site) -> None:
    site.interface.client.create_table(
        TableName=site.table.name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_an_item_has_an_id_a_binary_and_whole_seconds(site: Site) -> None:
    before = int(time.time())
    sid = site.new(a=1)
    item = site.item(sid)
    assert set(item) == {"id", "val", "expiration"}
    assert item["val"].value == ENTRIES
    assert item["expiration"] % 1 == 0
    assert before <= int(item["expiration"]) - 31 * 24 * HOUR <= time.time() + 1
    assert site.open(sid)["a"] == 1
    assert site.interface.guarantee == "merge"


def test_the_table_is_made_at_the_first_use_and_its_time_to_live_is_on(site: Site) -> None:
    client = site.interface.client.meta.client
    assert site.table.name not in client.list_tables()["TableNames"]
    site.new(a=1)
    assert site.time_to_live() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiration"}


def test_the_time_to_live_of_a_table_that_flask_session_made_is_enabled(site: Site) -> None:
    make_table(site)
    assert site.time_to_live()["TimeToLiveStatus"] == "DISABLED"
    site.new(a=1)
    assert site.time_to_live()["TimeToLiveStatus"] == "ENABLED"


def test_a_table_that_others_look_after_is_left_alone(open_site: Callable[..., Site]) -> None:
    site = open_site(SESSION_DYNAMODB_TABLE_EXISTS=True)
    with pytest.raises(SessionMisconfigured, match=r"table 'Sessions\d+' does not exist"):
        site.new(a=1)
    make_table(site)
    site.new(a=1)
    assert site.time_to_live()["TimeToLiveStatus"] == "DISABLED"


def test_a_table_that_was_removed_meanwhile_is_made_again(site: Site) -> None:
    sid = site.new(a=1)
    site.table.delete()
    assert site.open(sid).new
    assert site.item(site.new(a=2)) is not None


def test_an_expired_session_is_absent_although_dynamodb_has_not_removed_it(site: Site) -> None:
    sid = site.new(a=1)
    site.put(sid, int(time.time()) - 1)
    assert site.open(sid).new
    assert not site.interface._current_store().touch(f"session:{sid}", HOUR)
    site.put(sid, int(time.time()) + 1000)
    assert site.open(sid)["a"] == 1


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_expiry_is_right_in_every_time_zone_also_of_what_flask_session_wrote(
    site: Site, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        before = int(time.time())
        sid = site.new(a=1)
        assert before <= int(site.item(sid)["expiration"]) - 31 * 24 * HOUR <= time.time() + 1
        for seconds, lives in ((600, True), (-600, False)):
            if not lives and "America" in zone:
                continue  # its number is hours ahead, and a refresh goes by the number
            # What 0.8.0 writes: the time in UTC, taken for the time of this place.
            hours = {"UTC": 0, "Asia/Tokyo": 9, "America/Los_Angeles": -8 + time.localtime().tm_isdst}[zone]
            written = Decimal(int(time.time()) + seconds - hours * HOUR) + Decimal("0.25")
            site.put(sid, written)
            assert site.open(sid).new is not lives
            assert site.interface._current_store().touch(f"session:{sid}", HOUR) is lives
    finally:
        monkeypatch.undo()
        time.tzset()


def test_two_writers_keep_both(site: Site) -> None:
    sid = site.new(text="x" * 10_000)
    one, other = site.open(sid), site.open(sid)
    one["a"], other["b"] = 1, 2
    site.save(one)
    site.save(other)
    found = site.open(sid)
    assert (found["a"], found["b"], len(found["text"])) == (1, 2, 10_000)


def test_a_log_out_is_final(site: Site) -> None:
    sid = site.new(a=1)
    slow, leaving = site.open(sid), site.open(sid)
    slow["b"] = 2
    leaving.clear()
    assert "Set-Cookie" in site.save(leaving).headers
    assert "Set-Cookie" not in site.save(slow).headers
    assert site.item(sid) is None


def test_a_session_emptied_by_pop_keeps_what_another_request_added(site: Site) -> None:
    sid = site.new(message="hello")
    one, other = site.open(sid), site.open(sid)
    one.pop("message")
    other["cart"] = [1]
    site.save(other)
    site.save(one)
    assert dict(site.open(sid)) == {"_permanent": True, "cart": [1]}


def test_further_attributes_that_an_application_added_stay(site: Site) -> None:
    sid = site.new(a=1)
    key = {"id": f"session:{sid}"}
    site.table.update_item(
        Key=key, UpdateExpression="SET note = :n", ExpressionAttributeValues={":n": "mine"}
    )
    session = site.open(sid)
    session["b"] = 2
    site.save(session)
    assert site.item(sid)["note"] == "mine"


def test_a_read_is_one_request_consistent_or_with_its_refresh(site: Site) -> None:
    sid = site.new(a=1)
    asked: list[tuple[str, Any]] = []
    events = site.interface.client.meta.client.meta.events
    events.register(
        "before-parameter-build.dynamodb", lambda params, model, **_: asked.append((model.name, dict(params)))
    )
    assert site.open(sid)["a"] == 1
    assert [(name, params["ConsistentRead"]) for name, params in asked] == [("GetItem", True)]
    asked.clear()
    site.interface._touches = None
    site.put(sid, int(time.time()) + 100)
    asked.clear()
    assert site.open(sid)["a"] == 1
    assert [name for name, _ in asked] == ["UpdateItem"]
    assert site.item(sid)["expiration"] > time.time() + 1000


def test_a_session_over_the_limit_is_an_error_that_names_size_and_limit(site: Site) -> None:
    sid = site.new(a=1)
    session = site.open(sid)
    session["text"] = "x" * 409_600
    with pytest.raises(SessionTooLarge, match=r"409\d\d\d bytes.* allows 409600"):
        site.save(session)
    assert dict(site.open(sid)) == {"_permanent": True, "a": 1}
    session["text"] = "x" * 400_000
    site.save(session)
    assert len(site.open(sid)["text"]) == 400_000


def test_a_server_out_of_reach_is_one_clear_error() -> None:
    site = Site(f"http://key:secret@127.0.0.1:{free_port()}?region=r", "Sessions")
    with pytest.raises(StoreUnreachable, match="DynamoDB can't be reached") as raised:
        site.new(a=1)
    assert "secret" not in str(raised.value)


FORKING = """
import os, sys
import flask
from flask_session import Session

app = flask.Flask("forking")
app.config.update(SESSION_TYPE="dynamodb", SESSION_DYNAMODB=sys.argv[1], SESSION_DYNAMODB_TABLE=sys.argv[2])
Session(app)
interface = app.session_interface
store = interface._current_store()

def own(number):
    key = f"session:{'a' * 40}{number}"
    for turn in range(40):
        payload = b"%d of %d" % (turn, number)
        store.put(key, payload, 100)
        assert store.get(key) == payload, (number, turn)

own(9)
children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        try:
            own(number)
            os._exit(0)
        finally:
            os._exit(1)
    children.append(child)
own(9)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
"""


def test_forked_children_see_only_their_own_sessions(dynamodb_server: DynamoDBServer) -> None:
    command = [sys.executable, "-c", FORKING, dynamodb_server.url, dynamodb_server.table_name()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


def test_both_names_of_the_tables_key_are_read(dynamodb_server: DynamoDBServer) -> None:
    def name(**config: Any) -> str:
        app = flask.Flask("named")
        app.config.update(SESSION_TYPE="dynamodb", SESSION_DYNAMODB=dynamodb_server.url, **config)
        Session(app)
        return app.session_interface.store.name  # type: ignore[attr-defined, no-any-return]

    assert name() == "Sessions"
    assert name(SESSION_DYNAMODB_TABLE_NAME="Documented") == "Documented"
    assert name(SESSION_DYNAMODB_TABLE="Read", SESSION_DYNAMODB_TABLE_NAME="Documented") == "Read"


def test_the_client_may_be_swapped_while_the_application_runs(
    site: Site, dynamodb_server: DynamoDBServer
) -> None:
    sid = site.new(a=1)
    first = site.interface._current_store()
    site.interface.client = dynamodb_server.resource()
    assert site.interface._current_store() is not first
    assert site.open(sid)["a"] == 1


def test_nothing_given_means_localhost_8000_with_flask_sessions_warning() -> None:
    with pytest.warns(RuntimeWarning, match="No valid DynamoDBServiceResource instance provided"):
        interface = DynamoDBSessionInterface(flask.Flask("made"))
    assert interface.client.meta.client.meta.endpoint_url == "http://localhost:8000"


def test_a_url_says_where_and_whose() -> None:
    client = resource_at("https://dynamodb.eu-central-1.amazonaws.com").meta.client
    assert client.meta.region_name == "eu-central-1"
    client = resource_at("http://key:se%2Fcret@[::1]:8000/?region=mars").meta.client
    assert client.meta.region_name == "mars"
    assert client.meta.endpoint_url == "http://[::1]:8000/"


@pytest.mark.parametrize(
    "wrong", [5, "localhost:8000", "redis://user:hunter2@h", {"Table": 1}, boto3.resource], ids=repr
)
def test_what_is_no_resource_is_an_error_that_names_the_key(wrong: Any) -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_DYNAMODB") as raised:
        Site(wrong, "Sessions")
    assert "hunter2" not in str(raised.value)


def test_a_low_level_client_is_an_error_that_says_what_to_make(
    dynamodb_server: DynamoDBServer,
) -> None:
    with pytest.raises(SessionMisconfigured, match=r'boto3\.resource\("dynamodb"\)'):
        Site(dynamodb_server.resource().meta.client, "Sessions")


def test_the_constructor_takes_0_8s_arguments_in_its_order(dynamodb_server: DynamoDBServer) -> None:
    client = dynamodb_server.resource()
    made = DynamoDBSessionInterface(flask.Flask("made"), client, "p:", True, False, 16, "json", "T")
    assert (made.client, made.key_prefix, made.use_signer, made.permanent) == (client, "p:", True, False)
    assert (made.sid_length, made.serializer.codec.format, made.store.name) == (16, "json", "T")
