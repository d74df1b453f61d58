"""Types that the formats lose come back, and only where the note fits."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
import uuid
import zlib
import zoneinfo
from collections import OrderedDict, deque
from typing import Any

import msgspec
import pytest
from markupsafe import Markup

from flask_session._core import Codec, Ext

FORMATS = ["json", "msgpack"]
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

KEPT: list[Any] = [
    (),
    (1, (2, [3, ("x",)])),
    {"b", "a"},
    {(1, 2), (1, (3,)), frozenset({"x"})},
    {"1", decimal.Decimal(1)},
    frozenset({1, "a", None}),
    deque([1, (2,)]),
    datetime.datetime(2024, 2, 29, 12, 30, 15, 5),
    datetime.datetime(1, 1, 1),
    datetime.date(2024, 2, 29),
    datetime.time(23, 59, 59, 999999),
    datetime.time(1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=-2))),
    datetime.timedelta(-1, 1, 500000),
    datetime.timedelta.max,
    datetime.timedelta.min,
    datetime.timedelta(),
    decimal.Decimal("1.10"),
    uuid.UUID("12345678123456781234567812345678"),
    Markup("<b>bold</b>"),
    2**64,
    -(2**200),
    b"\x00\xff",
    bytearray(b"abc"),
    OrderedDict(b=1, a=(2,)),
    {1: "int", "1": "text", 2.5: "float", None: 0, b"b": 1, datetime.date(2024, 1, 1): 2},
    {True: 1, False: 2, Markup("m"): (3,)},
    {float("inf"): 1, 1e300: 2},
    [("nested", {"deep": [Markup("x"), {"deeper": (1,)}]})],
]

MOMENTS = [
    datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone.utc),
    datetime.datetime(2024, 7, 1, 12, 0, 0, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-9.5))),
    datetime.datetime(2024, 7, 1, 12, tzinfo=BERLIN),
    datetime.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=0),
    datetime.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
    datetime.datetime(1880, 1, 1, tzinfo=BERLIN),
    datetime.datetime(1960, 1, 1, 0, 0, 0, 7, tzinfo=BERLIN),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc),
]


def again(value: Any, form: str, *, keep_types: bool = True) -> Any:
    codec = Codec(form, keep_types=keep_types)
    session = codec.decode(codec.encode({"key": value}))
    assert session is not None
    return session["key"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", KEPT, ids=repr)
def test_a_value_comes_back_as_it_was(value: Any, form: str) -> None:
    read = again(value, form)
    assert read == value
    assert type(read) is type(value)
    # Elements of sets have no order of their own; all others show their inner types here.
    if not isinstance(value, (set, frozenset)):
        assert repr(read) == repr(value)


@pytest.mark.parametrize("form", FORMATS)
def test_elements_of_a_set_keep_their_types(form: str) -> None:
    value = {("a", decimal.Decimal(1)), frozenset({datetime.date(2024, 1, 1)}), b"x", 2**70}
    read = again(value, form)
    assert {type(element) for element in read} == {tuple, frozenset, bytes, int}
    assert read == value


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", MOMENTS, ids=str)
def test_an_aware_datetime_keeps_its_moment_and_its_zone(value: datetime.datetime, form: str) -> None:
    read = again(value, form)
    assert (str(read), repr(read.tzinfo), read.fold) == (str(value), repr(value.tzinfo), value.fold)
    assert read.astimezone(datetime.timezone.utc) == value.astimezone(datetime.timezone.utc)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_floats_that_are_not_finite_come_back(text: str, form: str) -> None:
    assert repr(again(float(text), form)) == text


@pytest.mark.parametrize("form", FORMATS)
def test_top_level_keys_keep_their_types(form: str) -> None:
    session = {1: ("a",), 2.5: 0, datetime.date(2024, 1, 1): 1, uuid.UUID(int=7): 2, b"k": 3, Markup("m"): 4}
    read = Codec(form).decode(Codec(form).encode(session))
    assert repr(read) == repr(session)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, 2), [1, 2]),
        ({"a"}, ["a"]),
        (deque([1]), [1]),
        (decimal.Decimal("1.0"), "1.0"),
        (datetime.date(2024, 1, 1), "2024-01-01"),
        (Markup("<i>"), "<i>"),
        (bytearray(b"abc"), {"json": "YWJj", "msgpack": b"abc"}),
        (MOMENTS[2], {"json": "2024-07-01T12:00:00+02:00", "msgpack": MOMENTS[2]}),
    ],
)
def test_without_keeping_types_values_are_those_of_0_8(value: Any, plain: Any, form: str) -> None:
    plain = plain[form] if isinstance(plain, dict) else plain
    read = again(value, form, keep_types=False)
    assert read == plain
    assert type(read) is type(plain)
    assert b"__flask_session__" not in Codec(form, keep_types=False).encode({"key": value})


@pytest.mark.parametrize("form", FORMATS)
def test_a_session_without_lossy_values_has_no_notes(form: str) -> None:
    session = {"text": "a", "list": [1, 2.5, None, True], "map": {"k": {"n": []}}}
    assert Codec(form).encode(session) == Codec(form, keep_types=False).encode(session)


def noted(value: Any, notes: str) -> bytes:
    """A payload whose one value has these notes, with the right checksum."""
    checksum = zlib.crc32(msgspec.msgpack.encode(value))
    return msgspec.msgpack.encode({"key": value, "__flask_session__": {"types": {"key": [checksum, notes]}}})


@pytest.mark.parametrize(
    ("value", "notes"),
    [
        ("no date", "=d"),
        ("2024-13-01", "=d"),
        ("no time", "=c"),
        ("PT1M", "=l"),
        ("P1DT99999S", "=l"),
        ("abc", "=e"),
        ("abc", "=u"),
        ("1e5", "=i"),
        ("9" * 5000, "=i"),
        ("2024-01-01T00:00:00+01:00", "=n"),
        ("text", "=t"),
        ([[1]], "=s"),
        ([{}], "=f"),
        ({"a": 1}, "=t"),
        (5, "=b"),
        ("x", "=z:Europe/Berlin"),
        (MOMENTS[0], "=z:Nowhere/Never"),
        (MOMENTS[0], "=z:../../etc/passwd"),
        (MOMENTS[0], "=z:99999999"),
        (None, "=r:1.5"),
        ([1], "5=t"),
        ([1], "0/0=t"),
        ({"a": [1]}, "0k=s"),
        ([1], "=?"),
        ([1], "nonsense"),
        ([1], ""),
    ],
)
def test_a_note_that_does_not_fit_its_value_is_ignored(value: Any, notes: str) -> None:
    assert Codec().decode(noted(value, notes)) == {"key": value}


def test_a_note_that_fits_is_not_ignored() -> None:
    assert Codec().decode(noted([[1], 2], "=t;0=s")) == {"key": ({1}, 2)}


def test_a_key_that_could_not_be_one_stays_as_it_is_written() -> None:
    value = {(1, 2): "pair"}
    assert Codec().decode(noted(value, "0k=q")) == {"key": value}


@pytest.mark.parametrize("form", FORMATS)
def test_the_bytes_of_a_set_do_not_depend_on_the_hash_seed(form: str) -> None:
    program = (
        "from flask_session._core import Codec\n"
        "words = {str(n) * 3 for n in range(50)} | {('t', str(n)) for n in range(9)}\n"
        f"print(Codec({form!r}).encode({{'set': words, 'nested': [{{frozenset(words)}}]}}).hex())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(seen) == 1


def test_an_extension_of_another_program_survives() -> None:
    payload = msgspec.msgpack.encode(
        {"ext": [msgspec.msgpack.Ext(5, b"x"), msgspec.msgpack.Ext(-7, b"y" * 300)]}
    )
    session = Codec().decode(payload)
    assert session == {"ext": [Ext(5, b"x"), Ext(-7, b"y" * 300)]}
    assert Codec().encode(session) == payload
    assert Codec().encode({"ext": msgspec.msgpack.decode(payload)["ext"]}) == payload
    assert "yyy" not in repr(session)


def test_a_timestamp_finer_than_a_microsecond_is_read_as_msgspec_reads_it() -> None:
    for nanos in (1, 499, 500, 999_999_500, 999_999_999):
        data = (nanos << 34 | 1_700_000_000).to_bytes(8, "big")
        payload = b"\x81\xa1t\xd7\xff" + data
        assert Codec().decode(payload) == msgspec.msgpack.decode(payload)
