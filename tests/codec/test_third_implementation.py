"""docs/format.md is enough for another implementation: one made from it alone passes every vector."""

from __future__ import annotations

import base64
import datetime
from collections import OrderedDict, deque
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import third_implementation as third
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from test_vectors import FORMATS, LIBRARIES, NAMES, noted, raw, same, vectors

from flask_session._core import Codec
from flask_session.exceptions import SessionUnsupported

THEIR_NAMES = {**NAMES, "Ext": msgspec.msgpack.Ext}


def evaluate(vector: dict[str, Any]) -> Any:
    return eval(vector["python"], dict(THEIR_NAMES))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("vector", vectors("values"))
def test_values_are_written_and_read(vector: dict[str, Any], form: str) -> None:
    value = evaluate(vector)
    if vector[form] is None:
        with pytest.raises(third.Unsupported):
            third.encode({"v": value}, form)
        return
    payload = noted(raw(vector[form], form), vector[f"{form}_notes"], form)
    assert third.encode({"v": value}, form) == payload
    read = third.decode(payload)
    assert read is not None
    if "defaultdict" not in vector["python"]:
        assert same(read["v"], value)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("vector", vectors("sessions"))
def test_sessions_are_written_and_read(vector: dict[str, Any], form: str) -> None:
    session = evaluate(vector)
    assert third.encode(session, form) == raw(vector[form], form)
    assert same(third.decode(raw(vector[form], form)), session)


@pytest.mark.parametrize("vector", vectors("foreign"))
def test_payloads_of_other_writers_are_read(vector: dict[str, Any]) -> None:
    read = third.decode(raw(vector["payload"], vector["format"]))
    assert read is not None
    assert third.encode(read, vector["format"]) == raw(vector["canonical"], vector["format"])


@pytest.mark.parametrize("vector", vectors("corrupt"))
def test_corrupt_payloads_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(third.Corrupt):
        third.decode(base64.b64decode(vector["base64"]))


ZONES = [
    datetime.timezone.utc,
    datetime.timezone(datetime.timedelta(hours=5, minutes=30)),
    datetime.timezone(datetime.timedelta(seconds=-3631)),
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("UTC"),
]
TEXT = st.text(st.sampled_from('ab/"\\\n\x00\x7fé😀'), max_size=5)
HASHABLE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        TEXT,
        st.none() | st.booleans() | st.floats(allow_nan=False),
        st.sampled_from([0, -1, 127, 128, 2**63, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1]),
        st.binary(max_size=3),
        st.builds(Markup, TEXT),
        st.sampled_from([Decimal("1.10"), Decimal("1E+5"), Decimal("-0")]),
        st.uuids() | st.dates() | st.times() | st.datetimes() | st.timedeltas(),
        st.datetimes(timezones=st.sampled_from(ZONES)),
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=3)
    # Below the top level msgspec writes keys twice that JSON writes alike; a dict can't.
    maps = st.dictionaries(
        st.integers(0, 9) | TEXT.filter(lambda text: not text.isdigit()), inner, max_size=3
    )
    return st.one_of(
        lists, lists.map(tuple), lists.map(deque), maps, maps.map(OrderedDict), st.sets(HASHABLE, max_size=3)
    )


SESSIONS = st.dictionaries(
    HASHABLE, st.recursive(HASHABLE | st.just(float("nan")), containers, max_leaves=8), max_size=3
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(SESSIONS, st.sampled_from(FORMATS))
def test_it_writes_what_we_write_and_reads_it_as_we_do(session: dict[Any, Any], form: str) -> None:
    try:
        payload = Codec(form).encode(session)
    except SessionUnsupported:
        with pytest.raises(third.Unsupported):
            third.encode(session, form)
        return
    assert third.encode(session, form) == payload
    assert_read_alike(payload, form)


def assert_read_alike(payload: bytes, form: str) -> None:
    """By what each would write of it: NaN isn't equal to itself."""
    ours, theirs = Codec(form).decode(payload), third.decode(payload)
    assert ours is not None
    assert theirs is not None
    assert Codec(form).encode(ours) == Codec(form).encode(theirs)


VALUES = [[1, "2020-01-02", [2]], {"2020-01-02": ["null"], "1.5": "eA=="}, None, "1.10", [["1", {}]]]
PATHS = ["", "k", "k/0", "0", "0k", "1", "1k", "1/0", "2", "2/0", "0/0", "0/1", "01", "0/", "/0", "1/k"]
TAGS = [*"tsfqndcleumibyoxBw", "z:7200", "z:0", "z:UTC", "z:none", "z:", "r:1.5", "r:nan", "r:x", "t:", ""]
NOTES = st.tuples(st.sampled_from(PATHS), st.sampled_from(TAGS)).map("=".join)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    st.sampled_from(VALUES),
    st.lists(NOTES, max_size=4).map(";".join) | st.text("01k/=;tz:", max_size=9),
    st.sampled_from(FORMATS),
)
def test_it_takes_the_notes_that_we_take(value: Any, notes: str, form: str) -> None:
    assert_read_alike(noted(LIBRARIES[form].encode(value), notes, form), form)
