"""Long random sequences of requests go with us as with 0.8.0, down to the stored bytes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from compat.differences import compared, without_notes

if TYPE_CHECKING:
    from pathlib import Path

    from compat.conftest import Player

SEEDS = range(25)
REQUESTS = 25
KEYS = ["a", "b", "cart", "user", "größe", "_flashes", "0"]


def value(chance: random.Random, depth: int = 0) -> str:
    """The source of a value of the types that both formats keep."""
    kind = chance.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return repr(chance.choice([0, 1, -1, 127, 128, 255, 256, -32, -33, 65535, 65536, 2**31, -(2**40)]))
    if kind == 1:
        return repr(chance.choice([0.5, -0.0, 1e300, 3.0, 2.5e-8]))
    if kind == 2:
        return repr(chance.choice([None, True, False]))
    if kind in (3, 4):
        return repr(chance.choice(["", "x", "Größe 日本", 'q"uote\\', "line\n", "z" * 31, "z" * 32]))
    if kind == 5:
        return repr("long " * chance.choice([10, 120, 900]))
    parts = [value(chance, depth + 1) for _ in range(chance.randrange(5))]
    if kind == 6:
        return f"[{', '.join(parts)}]"
    entries = [f"{chance.choice(KEYS)!r}: {part}" for part in parts]
    return f"{{{', '.join(entries)}}}"


def statement(chance: random.Random) -> str:
    key = repr(chance.choice(KEYS[:5]))
    return chance.choice(
        [
            f"session[{key}] = {value(chance)}",
            f"session[{key}] = {value(chance)}",
            f"session.update({{{key}: {value(chance)}, 'a': {value(chance)}}})",
            f"session.pop({key}, None)",
            f"session.setdefault({key}, {value(chance)})",
            f"session |= {{{key}: {value(chance)}}}",
            f"session.pop({key}) if {key} in session else None",
            "session.setdefault('cart', [])",
            f"session['cart'].append({value(chance)}) if isinstance(session.get('cart'), list) else None",
            f"session['user'].update(x={value(chance)}) if isinstance(session.get('user'), dict) else None",
            f"session.permanent = {chance.choice(['True', 'False'])}",
            "session.modified = True",
            "session.clear()",
            "interface.regenerate(session)",
            f"session.get({key})",
            "flash('hello')",
            "get_flashed_messages()",
            "list(session)",
            "session == {}",
        ]
    )


def requests(chance: random.Random) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number in range(REQUESTS):
        lines = [statement(chance) for _ in range(chance.choice([0, 1, 1, 2, 3, 5]))]
        request: dict[str, Any] = {"name": f"{number}: {'; '.join(lines)}"[:300], "run": "\n".join(lines)}
        if chance.random() < 0.5:
            # As JSON, where a tuple is a list: flash messages are tuples with us (`types-are-kept`).
            request["answer"] = "json.dumps(sorted(session.items(), key=str)), session.permanent"
        if chance.random() < 0.05:
            request["cookie"] = ""
        made.append(request)
    return made


def settings(chance: random.Random) -> dict[str, Any]:
    """Settings under which no difference is meant."""
    return {
        "SESSION_TOUCH_INTERVAL": 0,
        "SESSION_SERIALIZATION_FORMAT": chance.choice(["msgpack", "json"]),
        "SESSION_USE_SIGNER": chance.choice([True, False]),
        "SECRET_KEY": "a secret",
        "SESSION_PERMANENT": chance.choice([True, False]),
        "SESSION_KEEP_TYPES": chance.choice([True, False]),
        "PERMANENT_SESSION_LIFETIME": chance.choice([1000, 2678400]),
    }


WAYS: dict[str, dict[str, Any]] = {
    "native": {},
    "python_client": {"SESSION_NATIVE": False},
    "hooked": {"HOOKED": True},
    "files": {"SESSION_TYPE": "filesystem"},
    "hooked_files": {"SESSION_TYPE": "filesystem", "HOOKED": True},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_sequence_of_requests_goes_as_in_0_8_0(
    player: Player, tmp_path: Path, seed: int, way: str
) -> None:
    chance = random.Random(seed)
    task = {"requests": requests(chance), "settings": {**settings(chance), **WAYS[way]}}
    task["settings"]["SESSION_FILE_DIR"] = str(tmp_path / "theirs")
    theirs = player.play("0.8.0", **task)["default"]
    task["settings"]["SESSION_FILE_DIR"] = str(tmp_path / "ours")
    ours = player.play("ours", **task)["default"]
    problems = [
        f"{place}: theirs {one!r}, ours {other!r}"
        for place, (one, other) in compared(theirs, ours).items()
        if not (place[1].endswith(".payload") and differ_in_order_only(one, other))
    ]
    assert not problems, "\n".join(["", str(task["settings"]), *problems[:20]])


def differ_in_order_only(one: str | None, other: str | None) -> bool:
    """Whether two payloads (as hexadecimal digits) have the same entries, byte for byte, in another order.

    A key that is deleted and assigned again with its old value moves to the end; here that is no change
    (`written-when-changed`).
    """
    if one is None or other is None or len(one) != len(other):
        return False
    codec = msgspec.json if one.startswith(b"{".hex()) else msgspec.msgpack
    entries = [
        {key: codec.encode(value) for key, value in codec.decode(without_notes(bytes.fromhex(text))).items()}
        for text in (one, other)
    ]
    return entries[0] == entries[1]
