"""What each deed says about the session: accessed, modified, new, permanent, empty."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any
from unittest import mock

import flask
import pytest

from flask_session import ServerSideSession
from flask_session.redis import RedisSession
from memory_sessions import application, opened, operations, saved, stored

CHANGES: dict[str, Any] = {
    "assignment": lambda s: s.__setitem__("a", 1),
    "del": lambda s: s.__delitem__("here"),
    "pop": lambda s: s.pop("here"),
    "popitem": lambda s: s.popitem(),
    "setdefault of a new key": lambda s: s.setdefault("a"),
    "update": lambda s: s.update({"a": 1}),
    "update with nothing": lambda s: s.update(),
    "|=": lambda s: s.__ior__([("a", 1)]),
    "clear": lambda s: s.clear(),
    "permanent": lambda s: setattr(s, "permanent", True),
}
READS: dict[str, Any] = {
    "[]": lambda s: s["here"],
    "get": lambda s: s.get("here"),
    "get of a missing key": lambda s: s.get("missing"),
    "setdefault of an old key": lambda s: s.setdefault("here", 5),
    "pop of a missing key": lambda s: s.pop("missing", None),
    "nested change": lambda s: s["here"].append(1),
    "in": lambda s: "here" in s,
    "len": len,
    "iteration": list,
    "items": lambda s: list(s.items()),
    "bool": bool,
    "==": lambda s: s == {},
    "repr": repr,
    "|": lambda s: s | {},
    "permanent": lambda s: s.permanent,
}


def session() -> ServerSideSession:
    return ServerSideSession({"_permanent": True, "here": [0]}, sid="some-session")


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_accessed_and_modified(name: str) -> None:
    held = session()
    CHANGES[name](held)
    assert (held.accessed, held.modified) == (True, True)


@pytest.mark.parametrize("name", READS)
def test_a_look_is_accessed_only(name: str) -> None:
    held = session()
    READS[name](held)
    assert (held.accessed, held.modified) == (True, False)


def test_a_new_session_has_the_permanent_key_and_no_flag() -> None:
    held = ServerSideSession(sid="some-session", permanent=True)
    assert (held.accessed, held.modified) == (False, False)
    assert held.sid == "some-session"
    assert dict(held) == {"_permanent": True}
    assert dict(ServerSideSession()) == {}


def test_clear_keeps_permanent_and_the_id() -> None:
    held = session()
    held.clear()
    assert dict(held) == {"_permanent": True}
    assert held.sid == "some-session"
    assert not held


@pytest.mark.parametrize(
    ("entries", "full"),
    [({}, False), ({"_permanent": True}, False), ({"a": 0}, True), ({"_permanent": 1, "a": 0}, True)],
)
def test_a_session_with_nothing_but_permanent_is_false(entries: dict[str, Any], full: bool) -> None:
    assert bool(ServerSideSession(entries)) is full


def test_the_representation_names_the_class() -> None:
    assert repr(RedisSession({"a": 1})) == "<RedisSession {'a': 1}>"


def test_on_update_can_be_replaced() -> None:
    held, seen = session(), []
    held.on_update = seen.append
    held["a"] = 1
    assert seen == [held]
    assert not held.modified


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_clone_is_a_session_with_the_same_entries_and_attributes(clone: Any) -> None:
    held = RedisSession({"cart": [1]}, sid="some-session")
    held["a"] = 1
    held.note = "mine"
    other = clone(held)
    assert type(other) is RedisSession
    assert (dict(other), other.sid, other.modified, other.note) == (dict(held), held.sid, True, "mine")
    other["b"] = 2
    assert "b" not in held


def test_a_session_is_new_until_it_is_stored() -> None:
    app = application()
    held = opened(app, None)
    assert held.new
    held["a"] = 1
    saved(app, held)
    assert not held.new
    assert not opened(app, held.sid).new


def test_a_session_that_the_store_does_not_know_gets_another_id() -> None:
    app = application()
    held = opened(app, "never-stored-session")
    assert held.new
    assert held.sid != "never-stored-session"
    assert dict(held) == {"_permanent": True}


@pytest.mark.parametrize("lines", [100, 1])
def test_large_values_are_decoded_on_every_way_to_them(lines: int) -> None:
    app = application()
    # Nested ones are treated as large ones are.
    large = {"lines": ["x" * 100] * lines}
    sid = stored(app, {"_permanent": True, "large": large, "small": 1})
    ways: list[Any] = [
        lambda s: s["large"],
        lambda s: s.get("large"),
        lambda s: s.pop("large"),
        lambda s: s.setdefault("large"),
        lambda s: dict(s)["large"],
        lambda s: {**s}["large"],
        lambda s: s.copy()["large"],
        lambda s: (s | {})["large"],
        lambda s: ({} | s)["large"],
        lambda s: dict(s.items())["large"],
        lambda s: list(s.values())[1],
        lambda s: copy.deepcopy(s)["large"],
        lambda s: pickle.loads(pickle.dumps(s))["large"],
        lambda s: (s.pop("small"), s.popitem())[1][1],
    ]
    for way in ways:
        assert way(opened(app, sid)) == large
    assert opened(app, sid) == {"_permanent": True, "large": large, "small": 1}
    assert repr(large) in repr(opened(app, sid))
    held = opened(app, sid)
    assert held["large"] is held["large"]
    held["large"]["lines"].append("end")
    saved(app, held)
    assert opened(app, sid)["large"]["lines"][-1] == "end"


def test_threads_that_share_a_session_load_it_once() -> None:
    app = application()
    held = opened(app, stored(app, {"_permanent": True, "cart": []}))
    start, found = threading.Barrier(8), []

    def look() -> None:
        start.wait()
        found.append(held["cart"])

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert operations(app) == ["load and refresh"]
    assert len(found) == 8
    assert all(cart is held["cart"] for cart in found)


def test_threads_that_share_a_new_session_see_one_id(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application()
    held, made, found = opened(app, None), threading.Barrier(2), []

    def new_sid() -> str:
        made.wait()
        return f"made-by-{threading.get_ident()}"

    monkeypatch.setattr(app.session_interface, "_new_sid", new_sid)
    threads = [threading.Thread(target=lambda: found.append(held.sid)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [held.sid, held.sid]


def test_flask_may_set_accessed_on_a_session_that_nobody_looked_at() -> None:
    app = application()
    app.add_url_rule("/", view_func=lambda: str(isinstance(flask.session, dict)))
    app.test_client(use_cookies=False).get("/", headers={"Cookie": f"session={stored(app, {'a': 1})}"})
    assert "commit" not in operations(app)


@pytest.mark.parametrize(
    ("name", "before", "during"),
    [
        ("accessed", True, False),
        ("modified", True, False),
        ("sid", "some-session", "x"),
        ("on_update", id, None),
    ],
)
def test_an_attribute_may_be_patched(name: str, before: Any, during: Any) -> None:
    held = session()
    setattr(held, name, before)
    with mock.patch.object(held, name, during):
        assert getattr(held, name) == during
    assert getattr(held, name) == before
    delattr(held, name)
    with pytest.raises(AttributeError, match=name):
        getattr(held, name)


class Always(ServerSideSession):
    accessed = property(lambda self: True, lambda self, value: None)  # type: ignore[assignment]


class Unset(ServerSideSession):
    accessed = False


@pytest.mark.parametrize(
    ("kind", "is_read", "varies"),
    [(Always, False, True), (Unset, False, False), (Unset, True, True)],
)
def test_a_class_may_have_its_own_accessed(kind: Any, is_read: bool, varies: bool) -> None:
    app = application(SESSION_REFRESH_EACH_REQUEST=False)
    app.session_interface.session_class = kind
    held = opened(app, stored(app, {"a": 1}))
    if is_read:
        assert held["a"] == 1
    assert ("Vary" in saved(app, held).headers) is varies
    assert operations(app) == ["load"] * is_read
