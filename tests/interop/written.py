"""Values as they travel between the test and the sites: a type's name and what it holds."""

from __future__ import annotations

import struct
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

LISTS = ("list", "tuple")


def make(chance: random.Random, depth: int = 2) -> list[Any]:
    """Any value that Flask, 0.8.0 and Rust can express; or one that 0.8.0 takes for something plainer."""
    kinds = ["none", "bool", "int", "float", "str", "bytes", "moment", "date", "Decimal", "UUID"]
    if depth:
        kinds += ["list", "tuple", "dict"] * 2
    kind = chance.choice(kinds)
    if kind == "none":
        return [kind]
    if kind == "moment":
        return [kind, chance.randrange(-(2**31), 2**34), chance.randrange(10**6)]
    if kind in LISTS:
        return [kind, [make(chance, depth - 1) for _ in range(chance.randrange(4))]]
    if kind == "dict":
        keys = {text(chance) for _ in range(chance.randrange(4))}
        return [kind, [[["str", key], make(chance, depth - 1)] for key in sorted(keys)]]
    number = chance.choice([0, -1, 127, 128, -33, 2**31, -(2**63), 2**64 - 1, chance.getrandbits(40)])
    held = {
        "bool": chance.random() < 0.5,
        "int": str(number),
        "float": struct.pack(">d", chance.choice([0.0, -0.0, 1.5, 1e300, chance.random()])).hex(),
        "str": text(chance),
        "bytes": chance.randbytes(chance.randrange(40)).hex(),
        "date": f"2026-0{chance.randrange(1, 10)}-1{chance.randrange(10)}",
        "Decimal": f"{chance.randrange(1000)}.{chance.randrange(10, 99)}",
        "UUID": str(uuid.UUID(int=chance.getrandbits(128))),
    }
    return [kind, held[kind]]


def text(chance: random.Random) -> str:
    return "".join(chance.choice("aZ0 '\"\\\n\u00e9\u8868\U0001f36a") for _ in range(chance.randrange(12)))


def ordered(value: list[Any]) -> list[Any]:
    """The same for two dicts that differ in order only."""
    kind, *held = value
    if kind in LISTS:
        return [kind, [ordered(one) for one in held[0]]]
    if kind == "dict":
        return [kind, sorted(([key, ordered(one)] for key, one in held[0]), key=lambda pair: str(pair[0]))]
    return value


def plain(value: list[Any]) -> list[Any]:
    """What 0.8.0 makes of it."""
    kind, *held = value
    if kind in LISTS:
        return ["list", [plain(one) for one in held[0]]]
    if kind == "dict":
        return [kind, [[key, plain(one)] for key, one in held[0]]]
    return ["str", held[0]] if kind in ("date", "Decimal", "UUID") else value
