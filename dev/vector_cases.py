"""The values and sessions of vectors/, for make_vectors.py. Their notes are the specification."""

from __future__ import annotations

import collections
import datetime
import random
import struct
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup

NAMES: dict[str, Any] = {
    "Decimal": Decimal,
    "Ext": msgspec.msgpack.Ext,
    "Markup": Markup,
    "OrderedDict": collections.OrderedDict,
    "UUID": UUID,
    "ZoneInfo": ZoneInfo,
    "datetime": datetime,
    "defaultdict": collections.defaultdict,
    "deque": collections.deque,
}


class Case(NamedTuple):
    """One value: a Python expression, what its notes are, and what msgspec is given in its place."""

    name: str
    python: str
    msgpack_notes: str = ""
    json_notes: str = ""
    # An expression; `ordered(...)` is a list in the order of its elements' encoded bytes.
    # None: msgspec takes the value itself.
    stand_in: str | None = None
    # The same for JSON where it differs; "" where the format can't hold the value.
    json_stand_in: str | None = None


def floats() -> str:
    """A list of floats of every size, always the same."""
    generator = random.Random(20)
    found = [0.0, -0.0, 0.1, 1 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 123456789.125]
    found += [
        float(f"{sign}{digits}e{power}")
        for power in range(-12, 25)
        for digits in ("1", "1.5")
        for sign in ("", "-")
    ]
    while len(found) < 400:
        (number,) = struct.unpack(">d", generator.randbytes(8))
        if number - number == 0:
            found.append(number)
    found += [round(generator.uniform(-1e6, 1e6), generator.randrange(8)) for _ in range(100)]
    return repr(found)


UTC = "datetime.timezone.utc"
BEHIND = "datetime.timezone(-datetime.timedelta(hours=3, minutes=30))"
ODD = "datetime.timezone(datetime.timedelta(hours=2, seconds=31))"
MOMENT = f"datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo={UTC})"
CASES = [
    Case("none", "None"),
    Case("true", "True"),
    Case("false", "False"),
    Case(
        "integers",
        repr(
            sorted(
                {sign * (2**power + more) for power in range(64) for more in (-1, 0, 1) for sign in (1, -1)}
                - {-(2**63) - 1}
            )
        ),
    ),
    Case("integer_2_64_minus_1", "2**64 - 1"),
    Case("integer_minus_2_63", "-2**63"),
    Case("integer_above_2_64", "2**64", "=i", "", "'18446744073709551616'", "2**64"),
    Case("integer_below_minus_2_63", "-2**63 - 1", "=i", "", "'-9223372036854775809'", "-2**63 - 1"),
    Case("integer_nested", "[{'a': 10**30}]", "0/0=i", "", "[{'a': str(10**30)}]", "[{'a': 10**30}]"),
    Case("floats", floats()),
    Case("nan", "float('nan')", "", "=r:nan"),
    Case("infinities", "[float('inf'), float('-inf')]", "", "0=r:inf;1=r:-inf"),
    Case("text_empty", "''"),
    Case("text_controls", "''.join(map(chr, range(0, 161))) + '\\u2028\\u2029\\ufeff'"),
    Case("text_beyond_ascii", "'J\\u00f6rg \\u20ac \\U0001f600 / \\\\ \"'"),
    *(Case(f"text_of_{length}", f"'x' * {length}") for length in (31, 32, 255, 256)),
    Case("bytes_empty", "b''", "", "=b"),
    Case("bytes", "b'\\x00\\xff\\'\"\\\\\\n'", "", "=b"),
    *(Case(f"bytes_of_{length}", f"b'x' * {length}", "", "=b") for length in (1, 2, 255, 256)),
    Case("bytearray", "bytearray(b'\\x00\\xff')", "=y", "=y"),
    Case("list_empty", "[]"),
    Case("list_of_15", "list(range(15))"),
    Case("list_of_16", "list(range(16))"),
    Case("dict_empty", "{}"),
    Case("dict_of_15", "{str(n): n for n in range(15)}"),
    Case("dict_of_16", "{str(n): n for n in range(16)}"),
    Case("dict_in_its_own_order", "{'b': 1, 'a': {'z': [], 'y': {}}}"),
    Case("defaultdict", "defaultdict(list, {'a': [1]})"),
    Case("ordered_dict", "OrderedDict([('b', 1), ('a', 2)])", "=o", "=o"),
    Case("tuple_empty", "()", "=t", "=t"),
    Case("tuple", "(1, 'a', ('b', []))", "=t;2=t", "=t;2=t"),
    Case("flashes", "[('message', 'hello'), ('error', 'no')]", "0=t;1=t", "0=t;1=t"),
    Case("set_empty", "set()", "=s", "=s"),
    Case("set", "{300, -1, 2}", "=s", "=s", "ordered([300, -1, 2])"),
    Case(
        "set_of_tuples",
        "{(300,), (-1,), (2,)}",
        "=s;0=t;1=t;2=t",
        "=s;0=t;1=t;2=t",
        "ordered([[300], [-1], [2]])",
    ),
    Case(
        "set_of_several_types",
        f"{{Decimal('2'), '1', (3, UUID(int=5)), datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo={UTC})}}",
        "=s;0=t;0/1=u;2=e",
        "=s;1=e;2=z:0;3=t;3/1=u",
        f"ordered(['2', '1', [3, str(UUID(int=5))], datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo={UTC})])",
    ),
    Case("frozenset", "frozenset(['b', 'a'])", "=f", "=f", "ordered(['b', 'a'])"),
    Case("deque", "deque([1, 2])", "=q", "=q", "[1, 2]"),
    Case("naive_datetime", "datetime.datetime(2020, 1, 2, 3, 4, 5)", "=n", "=n"),
    Case("naive_datetime_with_microseconds", "datetime.datetime(2020, 1, 2, 3, 4, 5, 6000)", "=n", "=n"),
    Case("naive_datetime_first", "datetime.datetime(1, 1, 1)", "=n", "=n"),
    Case("aware_datetime", f"datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo={UTC})", "", "=z:0"),
    Case(
        "aware_datetime_with_microseconds",
        f"datetime.datetime(2020, 1, 2, 3, 4, 5, 6000, tzinfo={UTC})",
        "",
        "=z:0",
    ),
    Case("aware_datetime_before_1970", f"datetime.datetime(1960, 1, 2, 3, 4, 5, tzinfo={UTC})", "", "=z:0"),
    Case(
        "aware_datetime_2_32_minus_1", f"datetime.datetime(2106, 2, 7, 6, 28, 15, tzinfo={UTC})", "", "=z:0"
    ),
    Case("aware_datetime_2_32", f"datetime.datetime(2106, 2, 7, 6, 28, 16, tzinfo={UTC})", "", "=z:0"),
    Case("aware_datetime_2_34", f"datetime.datetime(2514, 5, 30, 1, 53, 4, tzinfo={UTC})", "", "=z:0"),
    Case(
        "aware_datetime_last",
        f"datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo={UTC})",
        "",
        "=z:0",
    ),
    Case(
        "aware_datetime_with_offset",
        "datetime.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))",
        "=z:7200",
        "=z:7200",
    ),
    Case(
        "aware_datetime_with_negative_offset",
        f"datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo={BEHIND})",
        "=z:-12600",
        "=z:-12600",
    ),
    Case(
        "aware_datetime_with_an_offset_in_seconds",
        f"datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo={ODD})",
        "=z:7231",
        "=z:7231",
    ),
    Case(
        "aware_datetime_in_summer",
        "datetime.datetime(2020, 7, 2, 3, 4, 5, tzinfo=ZoneInfo('Europe/Berlin'))",
        "=z:Europe/Berlin",
        "=z:Europe/Berlin",
    ),
    Case(
        "aware_datetime_before_year_1_in_utc",
        "datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))",
        "=z:7200",
        "=z:7200",
        "'0001-01-01T00:00:00+02:00'",
    ),
    Case("date", "datetime.date(2020, 2, 29)", "=d", "=d"),
    Case("time", "datetime.time(3, 4, 5)", "=c", "=c"),
    Case("time_with_microseconds", "datetime.time(3, 4, 5, 200)", "=c", "=c"),
    Case("time_in_utc", f"datetime.time(3, 4, 5, tzinfo={UTC})", "=c", "=c"),
    Case(
        "time_with_offset",
        "datetime.time(3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=-2)))",
        "=c",
        "=c",
    ),
    Case("timedelta_zero", "datetime.timedelta(0)", "=l", "=l"),
    Case("timedelta", "datetime.timedelta(1, 5, 3)", "=l", "=l"),
    Case("timedelta_negative", "datetime.timedelta(-1, 5, 3)", "=l", "=l"),
    Case("timedelta_shortest", "-datetime.timedelta(microseconds=1)", "=l", "=l"),
    Case("timedelta_longest", "datetime.timedelta.max", "=l", "=l"),
    Case("timedelta_rounded", "datetime.timedelta(seconds=90, microseconds=100000)", "=l", "=l"),
    Case("decimal", "Decimal('1.10')", "=e", "=e"),
    Case(
        "decimal_exponents",
        "[Decimal('1E+10'), Decimal('-1.5E-7'), Decimal('-0')]",
        "0=e;1=e;2=e",
        "0=e;1=e;2=e",
    ),
    Case("decimal_specials", "[Decimal('NaN'), Decimal('-Infinity')]", "0=e;1=e", "0=e;1=e"),
    Case("uuid", "UUID('12345678-1234-5678-9abc-def012345678')", "=u", "=u"),
    Case("markup", "Markup('<b>\\u00e9</b>')", "=m", "=m", "'<b>\\u00e9</b>'"),
    Case("ext", "Ext(5, b'xyz')", json_stand_in=""),
    Case("ext_of_one_byte", "[Ext(-128, b'x')]", json_stand_in=""),
    Case("keys_of_integers", "{1: 'a', -5: 'b', 2**64 - 1: 'c'}", "", "0k=i;1k=i;2k=i"),
    Case("keys_of_big_integers", "{2**70: 1}", "0k=i", "0k=i", "{str(2**70): 1}"),
    Case("keys_of_floats", "{1.5: 'a', 1e16: 'b', float('inf'): 'c'}", "", "0k=r:1.5;1k=r:1e16;2k=r:inf"),
    Case(
        "keys_of_none_and_bools",
        "{None: 0, True: 1, False: 2}",
        "",
        "0k=x;1k=B;2k=B",
        None,
        "{'null': 0, 'true': 1, 'false': 2}",
    ),
    Case("keys_of_bytes", "{b'ab': 1}", "", "0k=b"),
    Case("keys_of_tuples", "{(1, (2, 'a')): 1}", json_stand_in=""),
    Case("keys_of_frozensets", "{frozenset([2, 1]): 1}", "0k=f", "", "{(1, 2): 1}", ""),
    Case(
        "keys_of_dates_and_numbers",
        f"{{datetime.date(2020, 1, 2): (1,), Decimal('1.10'): UUID(int=5), {MOMENT}: None}}",
        "0k=d;0=t;1k=e;1=u",
        "0k=d;0=t;1k=e;1=u;2k=z:0",
    ),
    Case(
        "mixed_deeply",
        "{'a': [{'b': ({Decimal('1')}, [datetime.date(2020, 1, 2)])}], 'c': 5, 'd': b'x'}",
        "0/0/0=t;0/0/0/0=s;0/0/0/0/0=e;0/0/0/1/0=d",
        "0/0/0=t;0/0/0/0=s;0/0/0/0/0=e;0/0/0/1/0=d;2=b",
        "{'a': [{'b': (['1'], [datetime.date(2020, 1, 2)])}], 'c': 5, 'd': b'x'}",
    ),
]


class Session(NamedTuple):
    """A whole session: pairs of a key's expression and a case's name, and the notes on the keys."""

    name: str
    entries: list[tuple[str, str]]
    json_key_notes: Mapping[str, str] = MappingProxyType({})


SESSIONS = [
    Session("empty", []),
    Session("only_permanent", [("'_permanent'", "true")]),
    Session(
        "plain",
        [("'_permanent'", "true"), ("'user'", "text_beyond_ascii"), ("'cart'", "dict_in_its_own_order")],
    ),
    Session("one_note", [("'_permanent'", "true"), ("'seen'", "tuple")]),
    Session(
        "many_notes",
        [
            ("'_permanent'", "false"),
            ("'_flashes'", "flashes"),
            ("'n'", "none"),
            ("'when'", "aware_datetime"),
            ("'raw'", "bytes"),
        ],
    ),
    Session(
        "keys_that_are_no_text",
        [("5", "none"), ("None", "tuple"), ("2.5", "true")],
        {"5": "k=i", "None": "k=x", "2.5": "k=r:2.5"},
    ),
    Session("more_than_fifteen", [(repr(f"key{n}"), "decimal") for n in range(20)]),
]
