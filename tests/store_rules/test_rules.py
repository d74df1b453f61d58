"""What every store keeps, as `crates/testkit/src/rules` says it of native ones."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from ways import SWEPT

from conftest import CODEC
from flask_session import SessionUnsupported
from flask_session.foreign import PlainStore
from flask_session.sqlalchemy import statements, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Subject

RACERS = 8
PAYLOADS = [
    b"\x81\xa1a\x01",
    b"\x00",
    bytes(range(256)),
    "größe 日本".encode(),
    b"'; DROP TABLE x; --",
    b"x" * 200_000,
]
KEYS = [
    "session:" + "a" * 240,
    "ключ:日本",
    "with'quote",
    'with"quotes"',
    "100%",
    "a_b",
    "back\\slash",
    "p:{x}",
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: f"{len(payload)}")
def test_what_was_saved_is_loaded_byte_for_byte(subject: Subject, payload: bytes) -> None:
    assert subject.save(payload, "absent")
    assert subject.get() == payload
    assert subject.operate("load", subject.key) == payload


def test_any_legal_key_names_one_record(subject: Subject) -> None:
    # memcached's Python clients take no others.
    keys = [key for key in KEYS if key.isascii() or "memcached" not in type(subject.store).__module__]
    for number, key in enumerate(keys):
        assert subject.save(b"%d" % number, "absent", key=key)
    assert [subject.store.get(key) for key in keys] == [b"%d" % number for number in range(len(keys))]
    for key in keys:
        subject.store.delete(key)


def test_upper_and_lower_case_are_different_keys(subject: Subject) -> None:
    subject.save(b"lower", "absent", key=subject.key + "a")
    assert subject.store.get(subject.key + "A") is None
    assert subject.save(b"upper", "absent", key=subject.key + "A")
    assert subject.store.get(subject.key + "a") == b"lower"


def test_a_record_is_what_was_saved(subject: Subject) -> None:
    subject.store.put(subject.key, CODEC.encode({"a": 1}), 100)
    record = subject.store.load(CODEC, subject.key)
    filled: dict[str, Any] = {}
    record.fill(filled)
    assert filled == {"a": 1}
    assert subject.store.load(CODEC, subject.key + "x") is None


def test_the_expired_is_absent(subject: Subject) -> None:
    subject.save(b"old", "absent", ttl=1)
    subject.expire()
    assert subject.get() is None
    assert subject.store.load(CODEC, subject.key) is None
    assert subject.store.touch(subject.key, 100) is False
    assert subject.delete("anything") == "absent"
    assert subject.save(b"new", "absent")
    assert subject.get() == b"new"


def test_a_revision_never_saves_over_the_expired(comparing: Subject) -> None:
    comparing.save(b"old", "absent", ttl=1)
    comparing.expire()
    # In DynamoDB, what Flask-Session wrote may live longer than it says: who has read it is believed.
    assert comparing.save(b"new", "revision", b"old") is (comparing.way == "boto3")
    assert comparing.get() == (b"new" if comparing.way == "boto3" else None)


def save_for_a_second(subject: Subject, payload: bytes, prolong: Callable[[], bool]) -> None:
    """Saves until a busy machine prolongs the record's life before that is over."""
    for _ in range(50):
        assert subject.save(payload, "absent", ttl=1)
        if prolong():
            return
    pytest.fail("never prolonged")


def test_a_refresh_restarts_the_time_to_live(subject: Subject) -> None:
    refresh = lambda: subject.store.load(CODEC, subject.key, 100.0) is not None  # noqa: E731
    save_for_a_second(subject, CODEC.encode({"a": 1}), refresh)
    subject.expire()
    assert subject.get() is not None


def test_touching_changes_no_bytes_and_no_revision(comparing: Subject) -> None:
    save_for_a_second(comparing, b"bytes", lambda: comparing.store.touch(comparing.key, 100))
    assert comparing.store.touch(comparing.key, 100), "a second touch within the second finds it too"
    comparing.expire()
    assert comparing.get() == b"bytes"
    assert comparing.save(b"more", "revision", b"bytes")


def test_saving_twice_the_same_finds_the_record(comparing: Subject) -> None:
    assert comparing.save(b"same", "absent")
    assert comparing.save(b"same", "revision", b"same")
    assert comparing.save(b"same", "revision", b"same")


@pytest.mark.parametrize("ttl", [1, 10 * 365 * 24 * 3600, 2**31])
def test_any_time_to_live_is_legal(subject: Subject, ttl: float) -> None:
    assert subject.save(b"payload", "absent", ttl=ttl)
    # A second may be over by now.
    assert ttl == 1 or subject.get() == b"payload"


def test_anything_writes_whatever_is_there(subject: Subject) -> None:
    assert subject.save(b"first", "anything")
    assert subject.save(b"second", "anything")
    assert subject.get() == b"second"


def race(subject: Subject, attempt: Callable[[Any, int], Any]) -> list[Any]:
    """What each of RACERS got, all at once, each with connections of its own."""
    together = threading.Barrier(RACERS)
    stores = [subject.beside() for _ in range(RACERS)]

    def run(number: int) -> Any:
        stores[number].get("warm")
        together.wait(30)
        try:
            return attempt(stores[number], number)
        finally:
            # python-memcached has a connection for each thread.
            getattr(getattr(stores[number], "client", None), "disconnect_all", lambda: None)()

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def test_saving_to_an_absent_key_wins_once(comparing: Subject) -> None:
    won = race(comparing, lambda store, number: comparing.save(b"%d" % number, "absent", store=store))
    assert sum(won) == 1
    assert comparing.get() == b"%d" % won.index(True)
    assert not comparing.save(b"late", "absent")


def test_saving_to_an_expired_key_wins_once(comparing: Subject) -> None:
    comparing.save(b"old", "absent", ttl=1)
    comparing.expire()
    won = race(comparing, lambda store, number: comparing.save(b"%d" % number, "absent", store=store))
    assert sum(won) == 1
    assert comparing.get() == b"%d" % won.index(True)


def test_a_revision_wins_once_among_racers(comparing: Subject) -> None:
    comparing.save(b"base", "absent")
    for turn in range(2):
        base = comparing.get()
        won = race(
            comparing,
            lambda store, number, turn=turn, base=base: comparing.save(
                b"%d-%d" % (turn, number), "revision", base, store=store
            ),
        )
        assert sum(won) == 1
        assert comparing.get() == b"%d-%d" % (turn, won.index(True))


def test_a_revision_never_saves_while_the_record_is_absent(comparing: Subject) -> None:
    assert not comparing.save(b"new", "revision", b"old")
    assert comparing.get() is None


def test_the_deleted_never_comes_back(comparing: Subject) -> None:
    comparing.save(b"base", "absent")
    assert comparing.delete("revision", b"base") == "removed"
    assert not comparing.save(b"late", "revision", b"base")
    assert comparing.store.touch(comparing.key, 100) is False
    assert comparing.get() is None


def test_a_delete_among_savers_is_final_or_loses(comparing: Subject) -> None:
    for _ in range(3):
        comparing.save(b"base", "anything")

        def attempt(store: Any, number: int) -> Any:
            if number == 0:
                return comparing.delete("revision", b"base", store=store)
            return comparing.save(b"%d" % number, "revision", b"base", store=store)

        removed, *won = race(comparing, attempt)
        assert (removed == "removed") + sum(won) == 1
        assert comparing.get() == (None if removed == "removed" else b"%d" % (won.index(True) + 1))


def test_a_delete_with_an_old_revision_loses(comparing: Subject) -> None:
    comparing.save(b"one", "absent")
    comparing.save(b"two", "revision", b"one")
    assert comparing.delete("revision", b"one") == "conflict"
    assert comparing.get() == b"two"
    assert comparing.delete("revision", b"two") == "removed"


def test_deleting_is_idempotent(subject: Subject) -> None:
    subject.save(b"payload", "absent")
    assert subject.store.delete(subject.key)
    assert not subject.store.delete(subject.key)
    assert subject.delete("anything") == "absent"


def test_deleting_an_absent_revision_says_absent(comparing: Subject) -> None:
    assert comparing.delete("revision", b"never") == "absent"


def test_sweeping_takes_only_the_dead(subject: Subject) -> None:
    for number in range(5):
        subject.save(b"dead", "absent", key=f"{subject.key}-{number}", ttl=1)
    subject.save(b"alive", "absent")
    subject.expire()
    # Where the server does that itself, there is nothing to do.
    assert subject.store.sweep() == (5 if subject.way in SWEPT else 0)
    assert subject.store.sweep() == 0
    assert subject.get() == b"alive"


def can_list(subject: Subject) -> bool:
    return getattr(type(subject.store), "keys", PlainStore.keys) is not PlainStore.keys


def test_examining_tells_how_long_a_record_still_lives(subject: Subject) -> None:
    assert subject.store.examine(subject.key) is None
    subject.save(b"payload", "absent", ttl=1000)
    payload, left = subject.store.examine(subject.key)
    assert payload == b"payload"
    if can_list(subject):
        assert 0 < left <= 1001
    else:
        assert left is None, "memcached, and a client with get, set and delete, can't tell"


def test_replacing_expects_what_was_read(subject: Subject) -> None:
    assert subject.store.replace(subject.key, b"first", 100, None)
    assert not subject.store.replace(subject.key, b"second", 100, None)
    assert not subject.store.replace(subject.key, b"second", 100, b"other")
    assert subject.store.replace(subject.key, b"second", 100, b"first")
    assert subject.get() == b"second"


def test_listing_shows_each_live_key_once_and_takes_its_prefix_literally(
    comparing: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_list(comparing):
        with pytest.raises(SessionUnsupported, match="can't list"):
            list(comparing.store.keys(""))
        return
    for module in (statements, store):
        monkeypatch.setattr(module, "AT_ONCE", 5)
    prefix = comparing.key + "_%[a]*\\"
    wanted = {f"{prefix}{letter}{number}" for number in range(7) for letter in "aA"}
    others = {f"{comparing.key}x%a*\\{number}" for number in range(3)}
    for key in wanted | others:
        comparing.store.put(key, b"payload", 1000)
    assert sorted(comparing.store.keys(prefix)) == sorted(wanted)
    comparing.store.put(f"{prefix}dead", b"payload", 1)
    comparing.expire()
    assert sorted(comparing.store.keys(prefix)) == sorted(wanted)
