"""Whatever lies in the store, the extension reads it or says that it is corrupt."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flask_session._core import Codec, Pending
from flask_session.exceptions import SessionCorrupt, SessionUnsupported

VECTORS = Path(__file__).parents[2] / "vectors"
SECONDS = float(os.environ.get("ANY_BYTES_SECONDS", "0"))
"""`make verify` takes a minute; without it a fixed number of inputs is tried."""


def vectors(name: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


@cache
def seeds() -> list[bytes]:
    """Sessions in every format, with notes and without, and what is no session."""
    found = [bytes.fromhex(vector["pickle"]) for vector in vectors("pickles")]
    found += [base64.b64decode(vector["base64"]) for vector in vectors("corrupt")]
    for vector in vectors("sessions"):
        found += [bytes.fromhex(vector["msgpack"]), vector["json"].encode()]
    for vector in vectors("values"):
        found.append(b"\x81\xa1v" + bytes.fromhex(vector["msgpack"]))
        if vector["json"] is not None:
            found.append(b'{"v":' + vector["json"].encode() + b"}")
    return found


changes = st.tuples(
    st.sampled_from(["replace", "insert", "remove", "repeat"]),
    st.integers(0, 10_000),
    st.binary(min_size=1, max_size=4),
)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A seed with up to three changes."""
    payload = draw(st.sampled_from(seeds()))
    for kind, place, new in draw(st.lists(changes, max_size=3)):
        at = place % (len(payload) + 1)
        before, after = payload[:at], payload[at:]
        payload = {
            "replace": before + new + after[len(new) :],
            "insert": before + new + after,
            "remove": before + after[len(new) :],
            "repeat": before + after[:16] * 3 + after,
        }[kind]
    return payload


def check(payload: bytes, form: str) -> bool:
    """Whether it is a session; if so, it can be stored again and is the same then."""
    codec = Codec(form)
    try:
        read = codec.decode(payload)
    except SessionCorrupt:
        return False
    if read is None:
        return False
    entries: dict[Any, Any] = {}
    record = codec.record(payload)
    assert record is not None
    record.fill(entries)
    resolved = {key: value.load() if type(value) is Pending else value for key, value in entries.items()}
    # In one piece as entry by entry, in the same order. NaN isn't equal to itself.
    assert repr(read) == repr(resolved)
    try:
        written = codec.encode(read)
    except SessionUnsupported:
        return False
    # NaN isn't equal to itself.
    assert codec.encode(codec.decode(written)) == written
    return True


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(payload=payloads(), form=st.sampled_from(["msgpack", "json"]))
def test_any_bytes_are_read_or_corrupt(payload: bytes, form: str) -> None:
    check(payload, form)


def main() -> None:
    """The long form: inputs until the time is over."""
    end = time.monotonic() + SECONDS
    counts = [0, 0]

    @settings(max_examples=2000, deadline=None, database=None)
    @given(payload=payloads(), form=st.sampled_from(["msgpack", "json"]))
    def some(payload: bytes, form: str) -> None:
        counts[check(payload, form)] += 1

    while time.monotonic() < end:
        some()
    sys.stdout.write(f"figures: extension: {sum(counts):,} inputs, {counts[1]:,} of them read\n")


if __name__ == "__main__":
    main()
