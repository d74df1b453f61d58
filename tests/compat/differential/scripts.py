"""What requests do to their session: statements that the two apps run, drawn by hypothesis."""

from __future__ import annotations

import datetime
import decimal
import fractions
import uuid

from hypothesis import strategies as st

KEYS = ["a", "b", "cart", "user", "größe"]
INTEGERS = [0, 1, -1, 127, 128, 255, 256, -32, -33, 65535, 65536, 2**31, -(2**40), 2**64 - 1]
TEXTS = ["", "x", "Größe 日本", 'q"uote\\', "line\n", "z" * 31, "z" * 32, "long " * 120]
NAMES = {
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "UUID": uuid.UUID,
    "date": datetime.date,
    "datetime": datetime,
}
"""What the representation of a session's values may name."""
STATEMENT_NAMES = {
    **NAMES,
    **{name: getattr(datetime, name) for name in ("date", "datetime", "time", "timedelta", "timezone")},
}
"""What a statement may name."""

plain = st.one_of(
    st.sampled_from(INTEGERS),
    st.sampled_from(TEXTS),
    st.sampled_from([0.5, -0.0, 1e300, 3.0, 2.5e-8]),
    st.sampled_from([None, True, False]),
)
typed = st.sampled_from(
    [
        "(1, (2, 'x'), [])",
        "Decimal('1.10')",
        "UUID(int=5)",
        "date(2024, 2, 29)",
        "datetime(2024, 2, 29, 1, 2, 3)",
        "datetime(2024, 2, 29, 1, 2, 3, tzinfo=timezone.utc)",
        "timedelta(days=1, seconds=5)",
        "time(1, 2, 3)",
        "b'\\x00\\xff'",
        "{'when': date(2024, 1, 1), 'pairs': [(1, Decimal('2'))]}",
    ]
)
keys = st.sampled_from(KEYS)
sets = st.sampled_from(["{3, 1, 2}", "{'one', 'two', 'three', 'four'}", "frozenset({9, 300})"])


# Composite, so that hypothesis needs no page to print one.
@st.composite
def values(draw: st.DrawFn) -> str:
    """The source of a value."""
    lists = st.lists(plain, max_size=4)
    return draw(st.one_of(*[each.map(repr) for each in (plain, lists, dictionaries)], typed))


dictionaries = st.dictionaries(keys, plain, max_size=3)


@st.composite
def assignments(draw: st.DrawFn) -> str:
    return f"session[{draw(keys)!r}] = {draw(values())}"


@st.composite
def removals(draw: st.DrawFn) -> str:
    return f"session.pop({draw(keys)!r}, None)"


WITHOUT_VALUES = [
    "session.setdefault('cart', [])",
    "session.modified = True",
    "session.permanent = True",
    "session.permanent = False",
    "interface.regenerate(session)",
    "session.clear()",
    "flash('hello')",
    "get_flashed_messages()",
    "list(session)",
    "session == {}",
]
WITH_VALUES = [
    "session.update({{{key!r}: {value}, 'a': 1}})",
    "session.setdefault({key!r}, {value})",
    "session.get({key!r})",
    "session['seen'] = {set}",
    "session['cart'].append({plain!r}) if isinstance(session.get('cart'), list) else None",
    "session['user'].update(x={plain!r}) if isinstance(session.get('user'), dict) else None",
]


@st.composite
def statements(draw: st.DrawFn) -> str:
    kind = draw(st.integers(0, 4))
    if kind <= 1:
        return draw(assignments())
    if kind == 2:
        return draw(removals())
    if kind == 3:
        return draw(st.sampled_from(WITHOUT_VALUES))
    form = draw(st.sampled_from(WITH_VALUES))
    return form.format(key=draw(keys), value=draw(values()), set=draw(sets), plain=draw(plain))


@st.composite
def scripts(draw: st.DrawFn) -> str:
    return "\n".join(draw(st.lists(statements(), min_size=1, max_size=3)))
