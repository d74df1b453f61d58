"""Compares what two releases did with the same scenario, and knows the differences that are meant."""

from __future__ import annotations

from typing import Any

RESERVED_MSGPACK = b"\xb1__flask_session__"
RESERVED_JSON = b'"__flask_session__":'


def leaves(report: dict[str, Any], path: str = "") -> dict[str, Any]:
    """The report as one level: `stored.session:<sid 1>.seconds`."""
    flat: dict[str, Any] = {}
    for key, value in report.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            flat.update(leaves(value, f"{name}."))
        else:
            flat[name] = value
    return flat


def without_notes(payload: bytes) -> bytes:
    """The payload without its reserved entry, which is always the last one."""
    if (start := payload.find(RESERVED_JSON)) >= 0:
        return payload[:start].rstrip(b",") + b"}"
    if (start := payload.find(RESERVED_MSGPACK)) < 0:
        return payload
    if payload[0] >> 4 == 0x8:
        return bytes([payload[0] - 1]) + payload[1:start]
    assert payload[0] == 0xDE, "a map with more entries than the scenarios have"
    return b"\xde" + (int.from_bytes(payload[1:3], "big") - 1).to_bytes(2, "big") + payload[3:start]


def deleted_as_by_0_8_0(cookie: str) -> str:
    """A Set-Cookie that deletes, as 0.8.0 says it: without the attributes that the cookie was set with.

    The difference `deleted-as-set`, which is in nearly every scenario; `cookie_settings` looks at it in full.
    """
    if "Max-Age=0" not in cookie:
        return cookie
    left_out = ("Secure", "HttpOnly", "SameSite", "Partitioned")
    return "; ".join(part for part in cookie.split("; ") if part.partition("=")[0] not in left_out)


def compared(
    theirs: dict[str, Any], ours: dict[str, Any], *, deletions_in_full: bool = False
) -> dict[tuple[str, str], tuple[Any, Any]]:
    """(request, field) -> (theirs, ours), of everything that differs."""
    found = {}
    assert len(theirs["exchanges"]) == len(ours["exchanges"])
    for left, right in zip(theirs["exchanges"], ours["exchanges"], strict=True):
        flat_left, flat_right = leaves(left), leaves(right)
        for field in [*flat_left, *(name for name in flat_right if name not in flat_left)]:
            one, other = flat_left.get(field), flat_right.get(field)
            if field.endswith(".payload") and other is not None and one != other:
                other = without_notes(bytes.fromhex(other)).hex()
            if field == "cookies" and other is not None and not deletions_in_full:
                other = [deleted_as_by_0_8_0(cookie) for cookie in other]
            if one != other:
                found[left["name"], field] = (one, other)
    return found


def unexplained(
    found: dict[tuple[str, str], tuple[Any, Any]], known: list[dict[str, Any]], variant: str
) -> list[str]:
    """What differs undeclared, what is declared and doesn't differ, what differs in another way."""
    problems = []
    rest = dict(found)
    for difference in known:
        if variant not in difference.get("variants", [variant]):
            continue
        requests = difference["request"]
        for request in requests if isinstance(requests, list) else [requests]:
            place = request, difference["field"]
            if place not in rest:
                problems.append(f"{place}: declared as {difference['id']}, but nothing differs")
                continue
            _, ours = rest.pop(place)
            if "ours" in difference and ours != difference["ours"]:
                problems.append(f"{place}: declared as {difference['id']}, but ours is {ours!r}")
    problems += [f"{place}: theirs {one!r}, ours {other!r}" for place, (one, other) in rest.items()]
    return problems
