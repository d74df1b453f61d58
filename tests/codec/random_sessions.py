"""Sessions made at random, of everything that Flask-Session 0.8 could store."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
import zoneinfo
from collections import OrderedDict, defaultdict, namedtuple
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Colour(enum.Enum):
    RED = "r"
    TWO = 2
    PAIR = (1, 2)


class Number(enum.IntEnum):
    FIVE = 5
    MINUS = -7


class Word(str, enum.Enum):
    HELLO = "héllo"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Plain:
    first: object
    second: object = 3
    _third: int = 4


@dataclasses.dataclass(slots=True)
class Slotted:
    first: object
    second: object = 3


@attrs.define
class Attributes:
    first: object
    second: object = 1
    _hidden: int = 3


@attrs.define(slots=False)
class OpenAttributes:
    first: object
    second: object = 1


class Struct(msgspec.Struct):
    first: object
    second: object = 1


class TaggedStruct(msgspec.Struct, tag="tagged", rename="camel", omit_defaults=True):
    first_one: object
    second_one: list[object] = []
    third_one: int = 1


class ArrayStruct(msgspec.Struct, array_like=True, tag=True):
    first: object
    second: object = 1


Point = namedtuple("Point", "x y")

ZONES = [
    datetime.timezone.utc,
    datetime.timezone(datetime.timedelta(hours=5, minutes=30)),
    datetime.timezone(datetime.timedelta(hours=-3)),
    datetime.timezone(datetime.timedelta(seconds=-20)),
    datetime.timezone(datetime.timedelta(seconds=3631)),
    datetime.timezone(-datetime.timedelta(seconds=3630)),
    zoneinfo.ZoneInfo("Europe/Berlin"),
    zoneinfo.ZoneInfo("America/New_York"),
]

EDGES = [7, 8, 15, 16, 31, 32, 63]
INTEGERS = sorted({sign * 2**bits + off for bits in EDGES for off in (-1, 0, 1) for sign in (1, -1)})
INTEGERS = [number for number in INTEGERS if -(2**63) <= number < 2**64] + [2**64 - 1, 0]
FLOATS = [0.0, -0.0, 1.5, 1e15, 1e16, 9e15, 1e-4, 1e-5, 1e22, 5e-324, 1.7976931348623157e308, 123456789.123]
PIECES = [
    "a",
    "b",
    "\n",
    '"',
    "\\",
    "é",
    "漢",
    "😀",
    "\x00",
    "\x1f",
    "\x7f",
    "/",
    "z" * 20,
    "z" * 40,
    "\u2028",
]


class Maker:
    """Makes values with one source of randomness."""

    def __init__(self, random: Random, *, json: bool) -> None:
        self.random = random
        self.json = json

    def session(self) -> dict[str, Any]:
        return {f"key {number}": self.value() for number in range(self.random.randrange(5))}

    def value(self, depth: int = 0) -> Any:
        if depth > 4 or self.random.random() < 0.4:
            return self.random.choice(self.leaves())()

        def inner() -> Any:
            return self.value(depth + 1)

        return self.random.choice(self.containers(inner))()

    def containers(self, inner: Callable[[], Any]) -> list[Callable[[], Any]]:
        random = self.random

        def some(*numbers: int) -> range:
            return range(random.choice(numbers))

        def mapping() -> dict[Any, Any]:
            return {self.key(): inner() for _ in some(0, 1, 3, 17)}

        def defaults() -> list[Any]:
            return [] if random.random() < 0.5 else [inner()]

        return [
            mapping,
            mapping,
            lambda: [inner() for _ in some(0, 2, 3, 17)],
            lambda: tuple(inner() for _ in some(0, 1, 3)),
            lambda: Point(inner(), inner()),
            lambda: OrderedDict(mapping()),
            lambda: defaultdict(int, mapping()),
            lambda: Plain(inner()),
            lambda: Slotted(inner()),
            lambda: Attributes(inner()),
            lambda: OpenAttributes(inner()),
            lambda: Struct(inner()),
            lambda: TaggedStruct(inner(), defaults(), random.choice([1, 2])),
            lambda: ArrayStruct(inner()),
        ]

    def leaves(self) -> list[Callable[[], Any]]:
        random = self.random
        # Sets of one element: msgspec writes larger ones in the order of the hash seed.
        return [
            *[self.text, self.integer] * 3,
            *[self.float, lambda: None, lambda: True, lambda: False] * 2,
            lambda: self.text().encode(),
            lambda: bytearray(self.text().encode()),
            lambda: memoryview(self.text().encode()),
            self.date,
            self.time,
            lambda: self.time(random.choice(ZONES[:3])),
            self.naive,
            self.aware,
            self.duration,
            lambda: decimal.Decimal(random.choice(["1.10", "NaN", "-Infinity", "1E+5", "0.00"])),
            lambda: uuid.UUID(int=random.getrandbits(128)),
            lambda: random.choice([*Colour, *Number, *Word, Right.READ | Right.WRITE]),
            lambda: random.choice([float("nan"), float("inf"), float("-inf")]),
            lambda: {self.text()},
            lambda: frozenset([self.integer()]),
            set,
        ]

    def key(self) -> Any:
        random = self.random
        if random.random() < 0.7:
            return self.text()
        keys: list[Callable[[], Any]] = [
            self.integer,
            self.float,
            self.date,
            self.time,
            self.naive,
            self.duration,
            lambda: self.text().encode(),
            lambda: random.choice([Colour.RED, Colour.TWO, *Number, *Word]),
            lambda: uuid.UUID(int=random.getrandbits(128)),
            lambda: decimal.Decimal("2.50"),
        ]
        if not self.json:
            keys += [lambda: None, lambda: True, lambda: (1, (2, "a")), lambda: frozenset(["a"])]
        return random.choice(keys)()

    def text(self) -> str:
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(8)))

    def integer(self) -> int:
        return self.random.choice([self.random.choice(INTEGERS), self.random.randrange(-(2**63), 2**64)])

    def float(self) -> float:
        anything = self.random.uniform(-1, 1) * 10.0 ** self.random.randrange(-30, 30)
        return self.random.choice([self.random.choice(FLOATS), anything])

    def date(self) -> datetime.date:
        return datetime.date(self.random.randrange(2, 9999), self.random.randrange(1, 13), 28)

    def time(self, zone: datetime.tzinfo | None = None) -> datetime.time:
        random = self.random
        micros = random.choice([0, 0, 5, 500000, 999999])
        return datetime.time(random.randrange(24), random.randrange(60), random.randrange(60), micros, zone)

    def naive(self) -> datetime.datetime:
        return datetime.datetime.combine(self.date(), self.time())

    def aware(self) -> datetime.datetime:
        return self.naive().replace(tzinfo=self.random.choice(ZONES), fold=self.random.randrange(2))

    def duration(self) -> datetime.timedelta:
        random = self.random
        days, seconds = random.randrange(-1000, 1000), random.choice([0, 1, 86399])
        return datetime.timedelta(days, seconds, random.choice([0, 1, 10, 999999]))
