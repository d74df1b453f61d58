"""Another reader and writer of stored sessions, made from docs/format.md alone: nothing of ours is imported.

It stands for an implementation in a third language. What it can't do with that page, the page doesn't say.
"""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections import OrderedDict, deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARIES: dict[str, Any] = {"msgpack": msgspec.msgpack, "json": msgspec.json}
RESERVED = "__flask_session__"
DEPTH = 256
CONTAINERS: dict[type, str] = {tuple: "t", set: "s", frozenset: "f", deque: "q"}
TEXTS: dict[type, str] = {
    date: "d",
    time: "c",
    timedelta: "l",
    Decimal: "e",
    UUID: "u",
    Markup: "m",
    int: "i",
}


class Corrupt(ValueError):
    """No session can be read from these bytes."""


class Unsupported(ValueError):
    """The format can't hold this value."""


def text_of(value: Any) -> str:
    """The text that stands for a value of a type that a format lacks."""
    if isinstance(value, timedelta):
        length = abs(value)
        fraction = f".{length.microseconds:06}".rstrip("0") if length.microseconds else ""
        seconds = f"T{length.seconds}{fraction}S" if length.seconds or fraction else ""
        days = f"{length.days}D" if length.days or not seconds else ""
        return f"{'-' if value < timedelta() else ''}P{days}{seconds}"
    if isinstance(value, datetime | time) and (offset := value.utcoffset()) is not None:
        return value.replace(tzinfo=None).isoformat() + offset_text(offset)
    return value.isoformat() if isinstance(value, date | time) else str(value)


def offset_text(offset: timedelta) -> str:
    minutes, rest = divmod(int(abs(offset).total_seconds()), 60)
    minutes = (minutes + (rest > 30)) % (24 * 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "Z"


def zone_of(value: datetime) -> str:
    offset = value.utcoffset()
    assert offset is not None
    return getattr(value.tzinfo, "key", None) or str(int(offset.total_seconds()))


def float_text(value: float) -> str:
    return msgspec.json.encode(value).decode() if math.isfinite(value) else str(value)


class Writer:
    """Makes one top-level key and its value plain, and notes what they were."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.notes: list[str] = []

    def noted(self, path: str, tag: str, value: Any) -> Any:
        self.notes.append(f"{path}={tag}")
        return value

    def plain(self, value: Any, path: str, key: bool = False) -> Any:
        inside = f"{path}/" if path else ""
        if isinstance(value, dict):
            if isinstance(value, OrderedDict):
                self.noted(path, "o", value)
            return {
                self.plain(name, f"{inside}{n}k", key=True): self.plain(part, f"{inside}{n}")
                for n, (name, part) in enumerate(value.items())
            }
        if type(value) in CONTAINERS or isinstance(value, list):
            if key and self.form == "json":
                raise Unsupported("JSON has no such keys")
            if type(value) in CONTAINERS and not (key and type(value) is tuple):
                self.noted(path, CONTAINERS[type(value)], value)
            if isinstance(value, set | frozenset):
                value = sorted(value, key=lambda part: self.alone(part, key))
            parts = [self.plain(part, f"{inside}{n}", key) for n, part in enumerate(value)]
            return tuple(parts) if key else parts
        return self.leaf(value, path, key)

    def alone(self, value: Any, key: bool) -> tuple[bytes, str]:
        """What a set's elements are sorted by."""
        writer = Writer(self.form)
        return LIBRARIES[self.form].encode(writer.plain(value, "", key)), ";".join(writer.notes)

    def leaf(self, value: Any, path: str, key: bool) -> Any:
        in_json = self.form == "json"
        if isinstance(value, bytes | bytearray):
            if in_json or isinstance(value, bytearray):
                self.noted(path, "b" if isinstance(value, bytes) else "y", value)
            return base64.b64encode(value).decode() if in_json else bytes(value)
        if value is None or isinstance(value, bool):
            if not (in_json and key):
                return value
            return self.noted(path, "x" if value is None else "B", json.dumps(value))
        if isinstance(value, float):
            if not in_json or (math.isfinite(value) and not key):
                return value
            text = float_text(value)
            return self.noted(path, f"r:{text}", text if key else None)
        if isinstance(value, int) and not (key if in_json else not -(2**63) <= value < 2**64):
            return value
        if isinstance(value, datetime):
            if value.tzinfo is None:
                return self.noted(path, "n", text_of(value))
            if in_json or not has_utc(value):
                return self.noted(path, f"z:{zone_of(value)}", text_of(value))
            return value if zone_of(value) in ("0", "UTC") else self.noted(path, f"z:{zone_of(value)}", value)
        if type(value) in TEXTS:
            return self.noted(path, TEXTS[type(value)], text_of(value))
        if isinstance(value, str) or (isinstance(value, msgspec.msgpack.Ext) and not in_json):
            return value
        raise Unsupported(type(value).__name__)


def has_utc(value: datetime) -> bool:
    try:
        return bool(value.astimezone(timezone.utc))
    except OverflowError:
        return False


def encode(session: dict[Any, Any], form: str) -> bytes:
    entries: dict[Any, Any] = {}
    types = {}
    for name, value in session.items():
        writer = Writer(form)
        key = writer.plain(name, "k", key=True)
        entries[key] = msgspec.Raw(LIBRARIES[form].encode(writer.plain(value, "")))
        types[key] = [zlib.crc32(entries[key]), ";".join(writer.notes)] if writer.notes else None
    if types := {key: note for key, note in types.items() if note}:
        entries[RESERVED] = {"types": types}
    return LIBRARIES[form].encode(entries)


def refuse(_: object) -> NoReturn:
    raise Corrupt


def finite(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else refuse(text)


def read(raw: bytes, form: str) -> Any:
    """Any value, of the types that the format has."""
    if form == "msgpack":
        return msgspec.msgpack.decode(raw)
    value = json.loads(bytes(raw).decode(), parse_float=finite, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair can't be encoded
    return value


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((max(depth(name), depth(part)) for name, part in value.items()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list | tuple) else 0


def decode(payload: bytes) -> dict[Any, Any] | None:
    for form, library in LIBRARIES.items():
        try:
            names = {"msgpack": Any, "json": str}[form]
            entries = library.decode(payload, type=dict[names, msgspec.Raw] | None) if payload else None
            notes = types_of((entries or {}).pop(RESERVED, None), form)
            read_all = {name: read(raw, form) for name, raw in (entries or {}).items()}
            if any(depth(value) > DEPTH for value in read_all.values()):
                raise Corrupt
        except (ValueError, RecursionError, TypeError):
            continue
        if entries is None:
            return None
        session = {}
        for name, value in read_all.items():
            restored = Reader(notes_of(notes.get(name), entries[name]))
            session[restored.value(name, "k", key=True)] = restored.value(value, "")
        return session
    raise Corrupt


class Reader:
    """Gives the plain parts of one top-level entry the types that were noted."""

    def __init__(self, notes: dict[str, str]) -> None:
        self.notes = notes

    def value(self, value: Any, path: str, key: bool = False) -> Any:
        inside = f"{path}/" if path else ""
        plain = value
        if isinstance(value, dict):
            plain = {
                self.value(name, f"{inside}{n}k", key=True): self.value(part, f"{inside}{n}")
                for n, (name, part) in enumerate(value.items())
            }
        elif isinstance(value, list | tuple):
            plain = type(value)(self.value(part, f"{inside}{n}", key) for n, part in enumerate(value))
        try:
            return self.typed(plain, self.notes[path])
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return plain

    def typed(self, plain: Any, tag: str) -> Any:
        tag, colon, detail = tag.partition(":")
        if bool(colon) != (tag in "rz"):
            raise ValueError(tag)
        if tag in "tsfq" and isinstance(plain, list | tuple):
            return {"t": tuple, "s": set, "f": frozenset, "q": deque}[tag](plain)
        if tag == "o" and isinstance(plain, dict):
            return OrderedDict(plain)
        if tag in "by":
            raw = plain if isinstance(plain, bytes) else base64.b64decode(plain, validate=True)
            return bytearray(raw) if tag == "y" else raw
        if tag == "r":
            return noted_float(plain, float(detail))
        if tag == "z" and isinstance(plain, datetime):
            return plain.astimezone(zone(detail))
        if tag == "z" and isinstance(plain, str):
            return in_zone(plain, detail)
        if not isinstance(plain, str):
            raise ValueError(tag)
        value = FROM_TEXT[tag](plain)
        if text_of(value) != plain and tag not in "xB":
            raise ValueError(tag)
        return value


FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "n": datetime.fromisoformat,
    "d": date.fromisoformat,
    "c": time.fromisoformat,
    "l": lambda text: duration(text),
    "e": Decimal,
    "u": UUID,
    "m": Markup,
    "i": int,
    "x": {"null": None}.__getitem__,
    "B": {"true": True, "false": False}.__getitem__,
}


def noted_float(plain: Any, number: float) -> float:
    fits = not math.isfinite(number) if plain is None else float_text(float(plain)) == float_text(number)
    return number if fits else refuse(plain)


def duration(text: str) -> timedelta:
    days, _, rest = text.removeprefix("-").removeprefix("P").partition("T")
    seconds, _, fraction = rest.removesuffix("S").partition(".")
    length = timedelta(int(days.removesuffix("D") or 0), int(seconds or 0), int(fraction.ljust(6, "0")))
    return -length if text.startswith("-") else length


def zone(name: str) -> Any:
    is_offset = name.lstrip("-").isdigit()
    if not is_offset:
        return ZoneInfo(name)
    return timezone(timedelta(seconds=int(name))) if int(name) else timezone.utc


def in_zone(text: str, name: str) -> datetime:
    """The text's local time in the zone: twice there where clocks are set back, so its offset decides."""
    local = datetime.fromisoformat(text).replace(tzinfo=zone(name))
    for candidate in (local, local.replace(fold=1)):
        if text_of(candidate) == text:
            return candidate
    raise ValueError(name)


def types_of(raw: bytes | None, form: str) -> dict[Any, Any]:
    reserved = read(raw, form) if raw else {}
    types = reserved.get("types") if isinstance(reserved, dict) else None
    return types if isinstance(types, dict) else {}


def notes_of(found: Any, raw: bytes) -> dict[str, str]:
    """What was noted for a value with these bytes; nothing if the text breaks a rule."""
    match found:
        case [int(checksum), str(text)] if checksum == zlib.crc32(raw):
            notes = [note.partition("=") for note in text.split(";")]
            places = [place(path) for path, _, _ in notes]
            if None not in places and all(sign for _, sign, _ in notes) and strictly_rising(places):
                return {path: tag for path, _, tag in notes}
    return {}


def place(path: str) -> list[tuple[int, bool]] | None:
    """Where a depth-first walk meets what a path leads to, as something to sort by."""
    if not re.fullmatch(r"(?:k(?=/|$)|(?:0|[1-9]\d*)k?)?(?:(?<!^)/(?:0|[1-9]\d*)k?)*", path):
        return None
    parts = path.split("/") if path else []
    begin = [(0, False)] if parts[:1] == ["k"] else [(0, True)]
    return begin + [(int(part.rstrip("k")), not part.endswith("k")) for part in parts if part != "k"]


def strictly_rising(places: list[Any]) -> bool:
    return all(before < after for before, after in pairwise(places))
