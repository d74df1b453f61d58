"""What can't be stored or read: errors that name the key and the type, never the value."""

from __future__ import annotations

import random
import threading
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import pytest
from random_sessions import Maker

from flask_session._core import Codec
from flask_session.exceptions import SessionCorrupt, SessionMisconfigured, SessionTooLarge, SessionUnsupported

FORMATS = ["json", "msgpack"]


class Secret:
    def __repr__(self) -> str:
        return "hunter2"


def endless() -> list[Any]:
    value: list[Any] = []
    value.append({"again": value})
    return value


@dataclass
class Node:
    following: Any = None


def rings() -> list[Any]:
    """One container of each kind that holds itself."""
    kept: list[Any] = []
    for made in ({}, OrderedDict(), defaultdict(int)):
        made["again"] = ((made,), [made])  # type: ignore[index]
        kept.append(made)
    queue: deque[Any] = deque()
    queue.append({"again": queue})
    node = Node()
    node.following = [node]
    return [*kept, queue, node]


def deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("value", "what"),
    [
        (Secret(), "Secret"),
        ([{"x": (Secret(),)}], "Secret"),
        ({Secret(): 1}, "Secret"),
        (object, "type"),
        (1j, "complex"),
        (range(3), "range"),
        (ValueError("hunter2"), "ValueError"),
        (threading.Lock(), "lock"),
        ("hunter2\ud800", "surrogate"),
        ({"hunter2\ud800": 1}, "surrogate"),
        (endless(), "contains itself"),
        (deep(257), "256"),
        (10**5000, "digits"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() and value.isalnum() else "",
)
def test_what_cannot_be_stored_is_refused_by_key_and_type(value: Any, what: str, form: str) -> None:
    with pytest.raises(SessionUnsupported) as caught:
        Codec(form).encode({"fine": 1, "the key": value, "later": 2})
    message = str(caught.value)
    assert "'the key'" in message
    assert what in message
    assert "hunter2" not in message


def test_json_refuses_a_key_that_it_has_no_form_for() -> None:
    with pytest.raises(SessionUnsupported, match=r"'k'.*map key of type 'tuple'"):
        Codec("json").encode({"k": {(1, 2): 3}})
    with pytest.raises(SessionUnsupported, match="session key of type 'tuple'"):
        Codec("json").encode({(1, 2): 3})


def test_a_long_key_is_cut_in_the_message() -> None:
    with pytest.raises(SessionUnsupported) as caught:
        Codec().encode({"é" * 5000: Secret()})
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", rings(), ids=lambda value: type(value).__name__)
def test_what_holds_itself_is_refused_whatever_its_type(value: Any, form: str) -> None:
    with pytest.raises(SessionUnsupported, match=r"'the key'.*contains itself"):
        Codec(form).encode({"the key": value})


def test_a_session_over_the_limit_is_refused_with_both_sizes() -> None:
    codec = Codec(max_bytes=100)
    assert len(codec.encode({"a": "x" * 90})) == 95
    with pytest.raises(
        SessionTooLarge, match=r"the session has 105 bytes, and SESSION_MAX_BYTES allows 100;"
    ):
        codec.encode({"a": "x" * 100})
    with pytest.raises(SessionTooLarge, match="has 65537 keys, and 65536 can be stored"):
        Codec().encode({str(key): None for key in range(65_537)})


@pytest.mark.parametrize("form", FORMATS)
def test_the_deepest_nesting_that_is_written_is_read(form: str) -> None:
    session = {"deep": deep(256)}
    assert Codec(form).decode(Codec(form).encode(session)) == session


def test_an_error_of_the_users_own_code_is_passed_on() -> None:
    class LazyString:
        def __str__(self) -> str:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Codec().encode({"lazy": LazyString()})


def test_lazy_text_is_stored_as_its_text() -> None:
    class LazyString:
        def __str__(self) -> str:
            return "now"

    assert Codec().decode(Codec().encode({"lazy": LazyString()})) == {"lazy": "now"}


@pytest.mark.parametrize("kind", [dict, list])
def test_a_container_that_changes_while_it_is_stored_is_refused(kind: type) -> None:
    class LazyString:
        def __str__(self) -> str:
            if isinstance(session["value"], dict):
                session["value"]["more"] = 1
            else:
                session["value"].clear()
            return "x"

    lazy = LazyString()
    session: dict[str, Any] = {"value": {"a": lazy, "b": 2} if kind is dict else [lazy, 2]}
    with pytest.raises(SessionUnsupported, match="changed"):
        Codec().encode(session)


@pytest.mark.parametrize("form", FORMATS)
def test_a_session_that_changes_while_it_is_stored_is_refused(form: str) -> None:
    class LazyString:
        def __str__(self) -> str:
            session["more"] = 1
            return "x"

    session: dict[str, Any] = {"a": LazyString(), "b": 1}
    with pytest.raises(SessionUnsupported, match="changed"):
        Codec(form).encode(session)


@pytest.mark.parametrize("form", FORMATS)
def test_damaged_payloads_are_corrupt_and_nothing_else(form: str) -> None:
    source = random.Random(30)
    maker = Maker(source, json=form == "json")
    codec = Codec(form, legacy_pickle=False)
    refused = 0
    for _ in range(1500):
        payload = bytearray(codec.encode({"_permanent": True, **maker.session()}))
        match source.randrange(3):
            case 0:
                del payload[source.randrange(1, len(payload)) :]
            case 1:
                payload[source.randrange(len(payload))] = source.randrange(256)
            case _:
                payload += bytes([source.randrange(256)])
        try:
            codec.decode(bytes(payload))
        except SessionCorrupt:
            refused += 1
    assert refused > 500


@pytest.mark.parametrize("payload", [b"", b"\xc0", b"null", ""])
def test_a_payload_that_says_no_session_is_none(payload: bytes | str) -> None:
    assert Codec("json" if payload == b"null" else "msgpack").decode(payload) is None


@pytest.mark.parametrize("payload", [b"5", b"\x05", b"[1]", b"\x91\x01", b'"text"', b"\xa1a"])
def test_a_payload_that_is_no_map_is_corrupt(payload: bytes) -> None:
    for form in FORMATS:
        with pytest.raises(SessionCorrupt):
            Codec(form).decode(payload)


def test_a_header_that_lies_about_its_length_costs_no_memory() -> None:
    nested = b"\xdd\xff\xff\xff\xff" * 200
    with pytest.raises(SessionCorrupt):
        Codec().decode(b"\x81\xa1a" + nested)


def test_an_unknown_format_is_a_wrong_setting() -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_SERIALIZATION_FORMAT"):
        Codec("pickle")
