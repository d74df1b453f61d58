"""The functions that answer a request's small questions."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from werkzeug.http import parse_cookie

from flask_session._core import Codec, Hooks, Store, codes_alone, cookie_values, is_bare

HEADERS = [
    "",
    "session=one",
    "other=1; session=one; session=two",
    "session=; session=one",
    " session = one ;x=y",
    "xsession=no; session2=no; session-id=no",
    "session",
    "session==one=",
    "a=session; session=one",
    "session=one;session=two;session=three;session=four",
    "=session; session=one",
    "session=one.signature-of_it; other=a b",
]


@pytest.mark.parametrize("header", HEADERS)
def test_a_plain_header_is_read_as_werkzeug_reads_it(header: str) -> None:
    theirs = [value for value in parse_cookie(header).getlist("session") if value]
    assert cookie_values(header, "session", 3) == theirs[:3]


@pytest.mark.parametrize(
    ("header", "name"), [('session="one"', "session"), ("session=caf\xe9", "session"), ("s\xe9=1", "s\xe9")]
)
def test_what_has_to_be_decoded_is_left_to_werkzeug(header: str, name: str) -> None:
    assert cookie_values(header, name, 3) is None


def test_a_method_is_kept_until_it_is_replaced_anywhere() -> None:
    class Base:
        def one(self) -> None: ...
        def two(self) -> None: ...

    class Derived(Base): ...

    originals = {"one": (Base.one,), "two": (Base.two,)}
    both, second = Hooks(("one", "two"), originals), Hooks(("two",), originals)
    instance = Derived()
    assert both.kept(instance)
    instance.two = instance.two  # type: ignore[method-assign]
    assert not both.kept(instance)
    del instance.two
    assert both.kept(instance)
    for other in (lambda self: None, Base.two):
        Derived.one = other  # type: ignore[assignment, method-assign]
        assert not both.kept(instance)
        assert second.kept(instance)
    Derived.one = original = lambda self: None  # type: ignore[assignment, method-assign]
    originals["one"] = (Base.one, original)
    assert both.kept(instance)
    assert not Hooks(("three",), originals).kept(instance)


def test_hooks_are_kept_of_several_classes() -> None:
    class Base:
        def one(self) -> None: ...

    class Other:
        def one(self) -> None: ...

    hooks = Hooks(("one",), {"one": (Base.one, Other.one)})
    classes: list[Any] = [
        type(f"Derived{number}", (base,), {}) for number in range(5) for base in (Base, Other)
    ]
    for _ in range(2):
        assert all(hooks.kept(each()) for each in classes)
    classes[3].one = None
    assert [hooks.kept(each()) for each in classes].count(False) == 1


class Serializer:
    def __init__(self) -> None:
        self.codec = self.encoder = self.decoder = self.alternate_decoder = object()

    def encode(self) -> None: ...


def test_a_serializer_codes_alone_until_any_part_of_it_is_replaced() -> None:
    originals: dict[str, Any] = {"encode": (Serializer.encode,)}

    def alone(serializer: Any) -> bool:
        return codes_alone(serializer, Hooks(("encode",), originals), Serializer)

    serializer = Serializer()
    assert alone(serializer)
    for part in ("codec", "encoder", "decoder", "alternate_decoder", "encode"):
        other: Any = Serializer()
        setattr(other, part, object())
        assert not alone(other), part
    assert not alone(type("Derived", (Serializer,), {})())
    with mock.patch.object(Serializer, "decoder", property(lambda self: None), create=True):
        assert not alone(serializer)
    assert alone(serializer)
    originals.clear()
    assert not alone(serializer)


@pytest.mark.parametrize(
    ("entries", "bare"),
    [({}, True), ({"_permanent": True}, True), ({"a": 1}, False), ({"_permanent": True, "a": 1}, False)],
)
def test_a_session_with_nothing_but_its_flag_is_bare(entries: dict[str, Any], bare: bool) -> None:
    assert is_bare(entries) is bare


LARGE = ["x" * 600]
ENTRIES = {"_permanent": True, "cart": {"tea": 2}, "pair": (1, 2), "large": LARGE}


@pytest.fixture(params=["msgpack", "json"])
def codec(request: pytest.FixtureRequest) -> Codec:
    return Codec(request.param)


def loaded(codec: Codec, entries: dict[str, Any] = ENTRIES) -> tuple[Any, dict[str, Any]]:
    store, session = Store.memory(), {}  # type: tuple[Store, dict[str, Any]]
    store.put("k", codec.encode(entries), 100)
    record = store.load(codec, "k")
    assert record is not None
    record.fill(session)
    return record, session


def test_a_record_holds_what_it_was_filled_into_looked_at_or_not(codec: Codec) -> None:
    record, session = loaded(codec)
    assert record.holds(codec, session)
    session["large"] = session["large"].load()
    assert session["large"] == LARGE
    assert record.holds(codec, session)


def change_inside(session: dict[str, Any]) -> None:
    session["cart"]["tea"] = 3


def change_a_type(session: dict[str, Any]) -> None:
    session["pair"] = [1, 2]


def change_a_large_value(session: dict[str, Any]) -> None:
    session["large"] = [*session["large"].load(), 1]


def add(session: dict[str, Any]) -> None:
    session["more"] = None


def remove(session: dict[str, Any]) -> None:
    del session["large"]


def rename(session: dict[str, Any]) -> None:
    session["huge"] = session.pop("large")


def move_a_large_value(session: dict[str, Any]) -> None:
    session["cart"] = session["large"]


def put_what_cannot_be_stored(session: dict[str, Any]) -> None:
    session["pair"] = object()


@pytest.mark.parametrize(
    "change",
    [
        change_inside,
        change_a_type,
        change_a_large_value,
        add,
        remove,
        rename,
        move_a_large_value,
        put_what_cannot_be_stored,
    ],
)
def test_a_record_does_not_hold_what_was_changed(codec: Codec, change: Any) -> None:
    record, session = loaded(codec)
    change(session)
    assert not record.holds(codec, session)


def test_a_record_says_nothing_on_another_way_of_writing() -> None:
    record, session = loaded(Codec("msgpack"))
    assert not record.holds(Codec("json"), session)
    assert not record.holds(Codec("msgpack", keep_types=False), session)
