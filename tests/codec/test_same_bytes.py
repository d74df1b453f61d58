"""What is written, and how it is read: as msgspec does, which Flask-Session 0.8 calls."""

from __future__ import annotations

import json
import random
from collections import OrderedDict
from typing import Any

import msgspec
import pytest
from random_sessions import Attributes, Maker, Slotted

from flask_session._core import Codec

SESSIONS = 3000
MODULES: dict[str, Any] = {"msgpack": msgspec.msgpack, "json": msgspec.json}
FORMATS = sorted(MODULES)


@pytest.mark.parametrize("form", FORMATS)
def test_sessions_without_notes_are_the_bytes_that_msgspec_writes(form: str) -> None:
    maker = Maker(random.Random(20), json=form == "json")
    codec = Codec(form, keep_types=False)
    for _ in range(SESSIONS):
        session = maker.session()
        assert codec.encode(session) == MODULES[form].encode(session), session


@pytest.mark.parametrize("form", FORMATS)
def test_without_notes_sessions_are_read_as_msgspec_reads_them(form: str) -> None:
    maker = Maker(random.Random(21), json=form == "json")
    codec = Codec(form, keep_types=False)
    for _ in range(SESSIONS):
        payload = MODULES[form].encode(maker.session())
        # By repr: it tells types, and NaN equals NaN.
        assert repr(codec.decode(payload)) == repr(MODULES[form].decode(payload))


@pytest.mark.parametrize("form", FORMATS)
def test_all_that_notes_add_is_one_key_at_the_end(form: str) -> None:
    maker = Maker(random.Random(22), json=form == "json")
    codec = Codec(form)
    for _ in range(SESSIONS // 3):
        session = maker.session()
        read = MODULES[form].decode(codec.encode(session))
        reserved = read.pop("__flask_session__", None)
        assert repr(read) == repr(MODULES[form].decode(MODULES[form].encode(session)))
        assert reserved is None or list(reserved) == ["types"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_session_that_was_read_is_written_with_the_same_bytes(form: str) -> None:
    maker = Maker(random.Random(23), json=form == "json")
    codec = Codec(form)
    for _ in range(SESSIONS // 3):
        payload = codec.encode(maker.session())
        read = codec.decode(payload)
        assert read is not None
        assert codec.encode(read) == payload


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("length", [0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536])
def test_headers_have_the_smallest_form_at_every_edge(form: str, length: int) -> None:
    session = {
        "text": "x" * length,
        "bytes": b"x" * length,
        "list": [1] * length,
        "map": {str(number): number for number in range(length)},
    }
    payload = MODULES[form].encode(session)
    assert Codec(form, keep_types=False).encode(session) == payload
    assert Codec(form, keep_types=False).decode(payload) == MODULES[form].decode(payload)


@pytest.mark.parametrize("form", FORMATS)
def test_the_session_itself_is_read_past_overridden_methods(form: str) -> None:
    class Loud(OrderedDict[str, Any]):
        def __iter__(self) -> Any:
            raise AssertionError

        def items(self) -> Any:
            raise AssertionError

        def __len__(self) -> int:
            raise AssertionError

    session = Loud()
    session["inner"] = Loud()
    dict.__setitem__(session["inner"], "a", 1)
    assert Codec(form, keep_types=False).encode(session) == MODULES[form].encode(session)


@pytest.mark.parametrize("value", [Slotted.__new__(Slotted), Attributes.__new__(Attributes)])
def test_fields_that_were_never_set_are_left_out_as_msgspec_does(value: object) -> None:
    session = {"value": value}
    assert Codec(keep_types=False).encode(session) == msgspec.msgpack.encode(session)


def test_json_of_any_white_space_and_escapes_is_read() -> None:
    text = (
        ' {"a" : [ 1 , 2.5e3,\t-0 , "\\u00e9\\ud83d\\ude00\\/" ] ,\r\n"b":{ } , "c":12345678901234567890123} '
    )
    assert Codec("json").decode(text) == json.loads(text)


def test_two_keys_that_are_written_alike_are_one_with_the_last_value_as_for_msgspec() -> None:
    session = {1: ("int",), "x": 0, "1": "text"}
    assert Codec("json").decode(Codec("json").encode(session)) == {"1": "text", "x": 0}
    assert msgspec.json.decode(msgspec.json.encode(session)) == {"1": "text", "x": 0}
