"""The bytes in ``vectors/``, which the Rust tests read too."""

from __future__ import annotations

import base64
import datetime
import json
import zlib
from collections import OrderedDict, defaultdict, deque
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from markupsafe import Markup

from flask_session._core import Codec, Ext
from flask_session.exceptions import SessionCorrupt, SessionUnsupported

LIBRARIES: dict[str, Any] = {"json": msgspec.json, "msgpack": msgspec.msgpack}
FORMATS = list(LIBRARIES)
NAMES = {
    "OrderedDict": OrderedDict,
    "defaultdict": defaultdict,
    "deque": deque,
    "datetime": datetime,
    "Decimal": Decimal,
    "UUID": UUID,
    "ZoneInfo": ZoneInfo,
    "Markup": Markup,
    "Ext": Ext,
}


def vectors(name: str) -> list[Any]:
    path = Path(__file__).parents[2] / "vectors" / f"{name}.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    return [pytest.param(vector, id=vector["name"]) for vector in found]


def evaluate(vector: dict[str, Any]) -> Any:
    return eval(vector["python"], dict(NAMES))


def raw(text: str, form: str) -> bytes:
    return bytes.fromhex(text) if form == "msgpack" else text.encode()


def noted(encoded: bytes, notes: str, form: str) -> bytes:
    """The payload of a session that holds one value, under `v`."""
    entries: dict[str, Any] = {"v": msgspec.Raw(encoded)}
    if notes:
        entries["__flask_session__"] = {"types": {"v": [zlib.crc32(encoded), notes]}}
    return LIBRARIES[form].encode(entries)


def same(left: Any, right: Any) -> bool:
    """Equal, of the same types inside; NaN is NaN. Sets print in an order of their own."""
    return repr(left) == repr(right) or (left == right and type(left) is type(right))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("vector", vectors("values"))
def test_values_are_written_and_read(vector: dict[str, Any], form: str) -> None:
    value = evaluate(vector)
    if vector[form] is None:
        with pytest.raises(SessionUnsupported):
            Codec(form).encode({"v": value})
        return
    payload = noted(raw(vector[form], form), vector[f"{form}_notes"], form)
    assert Codec(form).encode({"v": value}) == payload
    read = Codec(form).decode(payload)
    assert read is not None
    assert Codec(form).encode(read) == payload
    if "defaultdict" not in vector["python"]:
        assert same(read["v"], value)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("vector", vectors("sessions"))
def test_sessions_are_written_and_read(vector: dict[str, Any], form: str) -> None:
    session = evaluate(vector)
    payload = raw(vector[form], form)
    assert Codec(form).encode(session) == payload
    assert Codec(form, keep_types=False).encode(session) == raw(vector[f"{form}_plain"], form)
    assert same(Codec(form).decode(payload), session)


@pytest.mark.parametrize("vector", vectors("foreign"))
def test_payloads_of_other_writers_are_read(vector: dict[str, Any]) -> None:
    form = vector["format"]
    read = Codec(form).decode(raw(vector["payload"], form))
    assert read is not None
    assert Codec(form).encode(read) == raw(vector["canonical"], form)


@pytest.mark.parametrize("vector", vectors("pickles"))
def test_pickles_of_older_releases_are_read(vector: dict[str, Any]) -> None:
    payload = bytes.fromhex(vector["pickle"])
    read = Codec().decode(payload)
    assert read is not None
    if "msgpack" in vector:
        assert Codec().encode(read) == bytes.fromhex(vector["msgpack"])
    with pytest.raises(SessionCorrupt):
        Codec(legacy_pickle=False).decode(payload)


@pytest.mark.parametrize("vector", vectors("corrupt"))
def test_corrupt_payloads_are_refused(vector: dict[str, Any]) -> None:
    for form in FORMATS:
        with pytest.raises(SessionCorrupt):
            Codec(form).decode(base64.b64decode(vector["base64"]))
