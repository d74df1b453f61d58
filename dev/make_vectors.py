"""Write vectors/*.json: bytes that every implementation of docs/format.md must read and write.

Run with Python >= 3.10, ``msgspec==0.22.0`` and ``markupsafe`` installed, and PYTHONHASHSEED=0. The bytes
come from msgspec itself, as Flask-Session 0.8.0 calls it; what it can't write (Markup, deque, ...) is
replaced by what stands for it. The notes are written out by hand in ``vector_cases.py``: they are the
specification, not the output of an implementation.
"""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import msgspec
from vector_cases import CASES, NAMES, SESSIONS, Case, Session

ROOT = Path(__file__).parent.parent
VECTORS = ROOT / "vectors"

# What another writer may have written: payload, and the same as we would write it.
FOREIGN = [
    (
        "msgpack",
        "wide_forms",
        "de0001d90161dc0002d30000000000000001ca3f800000",
        "81a1619201cb3ff0000000000000",
    ),
    (
        "msgpack",
        "a_timestamp_in_nanoseconds",
        "81a161c70cff000001f40000000000000001",
        f"81a161d7ff{(1000 << 34) | 1:016x}",
    ),
    ("msgpack", "a_timestamp_rounded_up", "81a161c70cff3b9ac80c0000000000000001", "81a161d6ff00000002"),
    ("msgpack", "a_wide_permanent_flag", "81d90a5f7065726d616e656e74c3", "81aa5f7065726d616e656e74c3"),
    (
        "json",
        "white_space_and_escapes",
        ' {"a" : [ 1 ,2.50],\n"\\u0062":"\\u00e9\\/" } ',
        '{"a":[1,2.5],"b":"\u00e9/"}',
    ),
    ("json", "a_key_twice", '{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'),
    ("msgpack", "a_key_twice", "83a16101a16202a16103", "82a16103a16202"),
    (
        "json",
        "numbers",
        '{"a":[-0,1E5,1e-7,100000000000000000000]}',
        '{"a":[0,100000.0,1e-7,100000000000000000000]}',
    ),
]

# What no reader takes for a session, whatever its settings.
CORRUPT = {
    "an integer": b"\x05",
    "a digit": b"5",
    "an array": b"\x91\x01",
    "a JSON array": b"[1]",
    "a JSON string": b'"text"',
    "a map without its entry": b"\x81",
    "a map without a value": b"\x81\xa1a",
    "a byte that MessagePack doesn't have": b"\x81\xa1a\xc1",
    "text that isn't UTF-8": b"\x81\xa1a\xa1\xff",
    "a byte too many": b"\x81\xa1a\x01\x00",
    "a header that lies about its entries": b"\xdf\xff\xff\xff\xff",
    "a header that lies about its elements": b"\x81\xa1a\xdd\xff\xff\xff\xff",
    "a header that lies about its bytes": b"\x81\xa1a\xc6\xff\xff\xff\xff",
    "a map as a key": b"\x81\x80\x01",
    "arrays nested too deep": b"\x81\xa1a" + b"\x91" * 1100 + b"\xc0",
    "JSON arrays nested too deep": b'{"a":' + b"[" * 1100 + b"]" * 1100 + b"}",
    "JSON cut short": b'{"a":1',
    "JSON and a brace": b'{"a":1}}',
    "JSON that isn't UTF-8": b'{"a":"\xff"}',
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "a number out of range": b'{"a":1e999}',
    "a key without quotes": b"{a:1}",
    "words": b"garbage",
    "a pickle that calls os.system": b"cos\nsystem\n(S'true'\ntR.",
    "a pickle that calls eval": b"\x80\x04}\x8c\x01a\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85Rs.",
    "a pickle of a list": b"\x80\x04]\x94.",
    "a pickle that holds itself": b"\x80\x02}q\x00U\x01ah\x00s.",
}


def encode(case: Case, encoder: Any) -> bytes | None:
    """What msgspec writes for the case; None if the format can't hold it."""

    def ordered(items: list[Any]) -> list[Any]:
        return sorted(items, key=encoder)

    expression = case.stand_in
    if encoder is msgspec.json.encode and case.json_stand_in is not None:
        expression = case.json_stand_in
    if expression == "":
        return None
    return encoder(eval(expression or case.python, NAMES | {"ordered": ordered}))


def values() -> list[dict[str, Any]]:
    found = []
    for case in CASES:
        text = encode(case, msgspec.json.encode)
        found.append(
            {
                "name": case.name,
                "python": case.python,
                "msgpack": encode(case, msgspec.msgpack.encode).hex(),
                "msgpack_notes": case.msgpack_notes,
                "json": text and text.decode(),
                "json_notes": case.json_notes,
            }
        )
    return found


def payload(session: Session, encoder: Any, keep_types: bool) -> bytes:
    """The session's bytes, put together as docs/format.md says."""
    cases = {case.name: case for case in CASES}
    is_json = encoder is msgspec.json.encode
    entries = {}
    types = {}
    for expression, name in session.entries:
        case = cases[name]
        key = eval(expression)
        if is_json and not isinstance(key, str):
            key = "null" if key is None else str(key)
        value = encode(case, encoder)
        entries[key] = msgspec.Raw(value)
        notes = [
            session.json_key_notes.get(expression, "") if is_json else "",
            case.json_notes if is_json else case.msgpack_notes,
        ]
        if any(notes):
            types[key] = [zlib.crc32(value), ";".join(filter(None, notes))]
    if types and keep_types:
        entries["__flask_session__"] = {"types": types}
    return encoder(entries)


def sessions() -> list[dict[str, Any]]:
    python = {case.name: case.python for case in CASES}
    return [
        {
            "name": session.name,
            "python": "{" + ", ".join(f"{key}: {python[name]}" for key, name in session.entries) + "}",
            "msgpack": payload(session, msgspec.msgpack.encode, True).hex(),
            "msgpack_plain": payload(session, msgspec.msgpack.encode, False).hex(),
            "json": payload(session, msgspec.json.encode, True).decode(),
            "json_plain": payload(session, msgspec.json.encode, False).decode(),
        }
        for session in SESSIONS
    ]


def pickles() -> list[dict[str, Any]]:
    """Each case as the value under the key ``v``, and one whole session."""
    found = []
    unread = {"ext", "ext_of_one_byte", "aware_datetime_in_summer"}
    for case in CASES:
        if case.name in unread or len(case.python) > 1000:
            continue
        value = eval(case.python, NAMES)
        for protocol in (0, 1, 2, 4, 5):
            data = pickle.dumps({"_permanent": True, "v": value}, protocol)
            if len(data) < 1000:
                found.append({"name": case.name, "python": "3", "protocol": protocol, "pickle": data.hex()})
    for line in (ROOT / "dev" / "pickles_of_python_2.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, number, data = line.split()
            entry = {"name": name, "python": "2", "protocol": int(number), "pickle": data}
            if name == "session":
                entry["msgpack"] = msgspec.msgpack.encode(pickle.loads(bytes.fromhex(data))).hex()
            found.append(entry)
    return found


def foreign() -> list[dict[str, str]]:
    return [
        {"name": name, "format": kind, "payload": one, "canonical": two} for kind, name, one, two in FOREIGN
    ]


def corrupt() -> list[dict[str, str]]:
    return [{"name": name, "base64": base64.b64encode(data).decode()} for name, data in CORRUPT.items()]


def main() -> None:
    for make in (values, sessions, pickles, foreign, corrupt):
        lines = ",\n".join(json.dumps(vector, ensure_ascii=True) for vector in make())
        (VECTORS / f"{make.__name__}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
