"""The extension's classes: what a commit does, natively and step by step."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flask_session._core import Codec, Commit, Pending, Record, Store
from flask_session.exceptions import SessionCorrupt, SessionUnsupported

KEY = "session:abcdefgh"
TTL = 60.0


@pytest.fixture
def codec() -> Codec:
    return Codec()


@pytest.fixture
def store() -> Store:
    return Store.memory()


def put(store: Store, session: dict[Any, Any]) -> None:
    store.put(KEY, msgspec.msgpack.encode(session), TTL)


def stored(store: Store) -> Any:
    payload = store.get(KEY)
    return None if payload is None else msgspec.msgpack.decode(payload)


def loaded(store: Store, codec: Codec) -> tuple[dict[Any, Any], Record]:
    record = store.load(codec, KEY)
    assert record is not None
    session: dict[Any, Any] = {}
    record.fill(session)
    return session, record


@pytest.mark.parametrize("form", ["msgpack", "json"])
def test_large_and_nested_values_are_decoded_when_touched_and_others_at_once(store: Store, form: str) -> None:
    at_once = {"text": "x" * 400, "number": -1.5, "short list": [1, 2], "short dict": {"a": 1}}
    later = {"large": "x" * 1000, "list": ["nested"] * 5, "dict": {"cart": {"lines": [1, 2, 3, 4]}}}
    codec = Codec(form)
    store.put(KEY, codec.encode({**at_once, **later}), TTL)
    session, record = loaded(store, codec)
    assert record.size == len(store.get(KEY) or b"")
    for key, value in later.items():
        assert type(session[key]) is Pending
        assert session.pop(key).load() == value
    assert session == at_once


def test_a_value_that_nobody_looked_at_is_copied_as_it_lies(store: Store, codec: Codec) -> None:
    wide = b"\xdc\x02\x00" + b"\xd3\x00\x00\x00\x00\x00\x00\x00\x07" * 512
    payload = b"\x82\xa4wide" + wide + b"\xa1a\x01"
    store.put(KEY, payload, TTL)
    session, record = loaded(store, codec)
    session["a"] = 2
    commit = Commit(codec, session, KEY, record=record, assigned={"a"})
    store.commit(commit, TTL)
    assert commit.outcome == "stored"
    assert store.get(KEY) == b"\x82\xa4wide" + wide + b"\xa1a\x02"


def test_a_value_that_is_only_written_differently_is_no_change(store: Store, codec: Codec) -> None:
    store.put(KEY, b"\x81\xa1a\xd3\x00\x00\x00\x00\x00\x00\x00\x07", TTL)
    session, record = loaded(store, codec)
    assert session == {"a": 7}
    commit = Commit(codec, session, KEY, record=record)
    store.commit(commit, TTL)
    assert commit.outcome == "unchanged"


def test_a_change_inside_a_value_is_stored(store: Store, codec: Codec) -> None:
    put(store, {"cart": [1]})
    session, record = loaded(store, codec)
    session["cart"].append(2)
    commit = Commit(codec, session, KEY, record=record)
    store.commit(commit, TTL)
    assert stored(store) == {"cart": [1, 2]}


def test_a_lost_race_is_merged_and_settled_into_the_session(store: Store, codec: Codec) -> None:
    put(store, {"a": 1, "b": 1, "mine": [1]})
    session, record = loaded(store, codec)
    mine = session["mine"]
    put(store, {"a": 2, "mine": [1], "c": "y" * 1000})
    session["d"] = 4
    commit = Commit(codec, session, KEY, record=record, assigned={"d"})
    store.commit(commit, TTL)
    assert commit.outcome == "merged"
    assert stored(store) == {"a": 2, "mine": [1], "c": "y" * 1000, "d": 4}
    commit.settle(session)
    assert set(session) == {"a", "mine", "c", "d"}
    assert session["a"] == 2
    assert session["mine"] is mine
    again = Commit(codec, session, KEY, record=commit.record)
    store.commit(again, TTL)
    assert again.outcome == "unchanged"


def test_a_destroyed_session_stays_destroyed(store: Store, codec: Codec) -> None:
    put(store, {"a": 1})
    session, record = loaded(store, codec)
    store.delete(KEY)
    session["a"] = 2
    commit = Commit(codec, session, KEY, record=record, assigned={"a"})
    store.commit(commit, TTL)
    assert commit.outcome == "gone"
    assert stored(store) is None


def test_a_renewed_session_moves(store: Store, codec: Codec) -> None:
    put(store, {"a": 1})
    session, record = loaded(store, codec)
    commit = Commit(codec, session, "session:newnewnew", record=record, renewed_from=KEY)
    store.commit(commit, TTL)
    assert commit.outcome == "stored"
    assert store.get(KEY) is None
    assert store.get("session:newnewnew") is not None


def test_an_adopted_key_is_written_whatever_is_there(store: Store, codec: Codec) -> None:
    put(store, {"a": 1})
    store.put("session:chosen", b"\x80", TTL)
    session, record = loaded(store, codec)
    commit = Commit(codec, session, "session:chosen", record=record, adopted=True)
    store.commit(commit, TTL)
    assert commit.outcome == "stored"
    assert stored(store) == {"a": 1}
    assert msgspec.msgpack.decode(store.get("session:chosen") or b"") == {"a": 1}


def test_a_cleared_session_is_deleted(store: Store, codec: Codec) -> None:
    put(store, {"a": 1, "_permanent": True})
    _, record = loaded(store, codec)
    commit = Commit(codec, {"_permanent": True}, KEY, record=record, cleared=True)
    store.commit(commit, TTL)
    assert commit.outcome == "deleted"
    assert stored(store) is None


def test_a_value_that_cannot_be_stored_is_named_by_its_key(codec: Codec) -> None:
    with pytest.raises(SessionUnsupported, match="'bad'") as caught:
        Commit(codec, {"good": 1, "bad": object()}, KEY)
    assert "0x" not in str(caught.value)


def test_garbage_is_corrupt(store: Store, codec: Codec) -> None:
    store.put(KEY, b"\xc1garbage", TTL)
    with pytest.raises(SessionCorrupt):
        store.load(codec, KEY)


def test_a_store_in_python_is_driven_step_by_step(codec: Codec) -> None:
    records = {KEY: msgspec.msgpack.encode({"a": 1})}
    record = codec.record(records[KEY])
    assert record is not None
    session: dict[Any, Any] = {}
    record.fill(session)
    session["b"] = 2
    records[KEY] = msgspec.msgpack.encode({"a": 3})
    commit = Commit(codec, session, KEY, record=record, assigned={"b"})
    seen = []
    reply: Any = None
    while (operation := commit.next(reply)) is not None:
        seen.append(operation[0])
        if operation[0] == "load":
            reply = records.get(operation[1])
        elif operation[0] == "save":
            _, key, payload, mode, old = operation
            reply = mode == "anything" or records.get(key) == old
            if reply:
                records[key] = payload
    assert seen == ["save", "load", "save"]
    assert commit.outcome == "merged"
    assert msgspec.msgpack.decode(records[KEY]) == {"a": 3, "b": 2}


def test_a_lost_answer_is_found_out(codec: Codec) -> None:
    commit = Commit(codec, {"a": 1}, KEY)
    operation = commit.next()
    assert operation is not None
    assert operation[0] == "save"
    assert operation[3] == "absent"
    assert commit.next(ConnectionError()) == ("load", KEY)
    assert commit.next(operation[2]) is None
    assert commit.outcome == "stored"
