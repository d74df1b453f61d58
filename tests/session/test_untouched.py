"""Every look at a session that is not loaded yet loads it; nothing else does."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import flask
import msgspec
import pytest
from flask.sessions import SessionMixin
from werkzeug.datastructures import CallbackDict

from flask_session import ServerSideSession
from memory_sessions import application, opened, operations, stored

ENTRIES = {"_permanent": True, "cart": ["tea"], "name": "Ada"}

# What may be done with a dict: the name and the deed.
DEEDS: dict[str, Any] = {
    "__contains__": lambda s: "name" in s,
    "__delitem__": lambda s: s.__delitem__("name"),
    "__eq__": lambda s: s == ENTRIES,
    "__ne__": lambda s: s != ENTRIES,
    "__getitem__": lambda s: s["name"],
    "__ior__": lambda s: dict.copy(s.__ior__({"x": 1})),
    "__iter__": lambda s: list(iter(s)),
    "__len__": lambda s: len(s),
    "__or__": lambda s: s | {"x": 1},
    "__ror__": lambda s: {"x": 1} | s,
    "__reversed__": lambda s: list(reversed(s)),
    "__setitem__": lambda s: s.__setitem__("x", 1),
    "clear": lambda s: s.clear(),
    "copy": lambda s: s.copy(),
    "get": lambda s: s.get("name"),
    "items": lambda s: list(s.items()),
    "keys": lambda s: list(s.keys()),
    "pop": lambda s: s.pop("name"),
    "popitem": lambda s: s.popitem(),
    "setdefault": lambda s: s.setdefault("x", 1),
    "update": lambda s: s.update(x=1),
    "values": lambda s: list(s.values()),
    "__repr__": lambda s: repr(s).split("{", 1)[1].rstrip(">"),
    "__str__": lambda s: str(s).split("{", 1)[1].rstrip(">"),
    "__format__": lambda s: f"{s}".split("{", 1)[1].rstrip(">"),
    "__reduce__": lambda s: dict(pickle.loads(pickle.dumps(s))),
    "__reduce_ex__": lambda s: dict(copy.copy(s)),
}
# None of these looks at the entries, or it fails on any dict.
OTHERS = {"__class_getitem__", "__ge__", "__gt__", "__le__", "__lt__", "__hash__", "__sizeof__", "fromkeys"}
OTHERS |= {"__init__", "__new__", "__getattribute__", "__doc__", "__getstate__"}

WAYS_AROUND: dict[str, Any] = {
    "dict()": lambda s: dict(s),
    "** in a call": lambda s: dict(**s),
    "** in a display": lambda s: {**s},
    "update of another dict": lambda s: (other := {"y": 1}, other.update(s), other)[2],
    "reflected ==": lambda s: ENTRIES == s,  # noqa: SIM300
    "list": lambda s: list(s),
    "sorted": lambda s: sorted(s),
    "bool": lambda s: bool(s),
    "deepcopy": lambda s: dict(copy.deepcopy(s)),
    "json": lambda s: json.dumps(s),
    "% formatting": lambda s: "%(name)s" % s,  # noqa: UP031 - this way of looking is what is tested
    "format_map": lambda s: "{name}".format_map(s),
    "unpacking": lambda s: (lambda *keys: keys)(*s),
    "|= into a dict": lambda s: {"y": 1}.__ior__(s),
}
ATTRIBUTES: dict[str, Any] = {
    "sid": lambda s: s.sid,
    "new": lambda s: s.new,
    "permanent": lambda s: s.permanent,
    "assigning permanent": lambda s: setattr(s, "permanent", False),
    "assigning sid": lambda s: setattr(s, "sid", "another-one"),
    "modified = True": lambda s: setattr(s, "modified", True),
}
NO_TOUCH: dict[str, Any] = {
    "accessed": lambda s: s.accessed,
    "accessed = True": lambda s: setattr(s, "accessed", True),
    "modified": lambda s: s.modified,
    "modified = False": lambda s: setattr(s, "modified", False),
    "isinstance of dict": lambda s: isinstance(s, dict),
    "isinstance of CallbackDict": lambda s: isinstance(s, CallbackDict),
    "isinstance of SessionMixin": lambda s: isinstance(s, SessionMixin),
}


@pytest.fixture
def app() -> flask.Flask:
    return application()


@pytest.fixture
def session(app: flask.Flask) -> Any:
    session = opened(app, stored(app, ENTRIES))
    assert operations(app) == []
    return session


def test_every_name_of_dict_is_in_one_of_the_lists() -> None:
    special = set(dir(object)) - {"__eq__", "__ne__", "__repr__", "__str__", "__format__", "__reduce__"}
    assert set(dir(dict)) - special - set(DEEDS) - OTHERS == set()


@pytest.mark.parametrize("name", [*DEEDS, *WAYS_AROUND])
def test_a_deed_loads_the_session_and_gives_what_a_dict_gives(
    name: str, app: flask.Flask, session: Any
) -> None:
    deed = {**DEEDS, **WAYS_AROUND}[name]
    expected = dict(ENTRIES)
    result = deed(session)
    assert operations(app) == ["load and refresh"]
    assert session.accessed
    if name == "clear":
        assert dict(session) == {"_permanent": True}
    elif name in ("__repr__", "__str__", "__format__"):
        assert result == repr(ENTRIES)[1:]
    else:
        assert result == deed(expected)
        if name != "__ror__":
            assert dict(session) == expected


@pytest.mark.parametrize("name", [name for name in ATTRIBUTES if name != "assigning sid"])
def test_an_attribute_that_the_store_decides_loads_the_session(
    name: str, app: flask.Flask, session: Any
) -> None:
    ATTRIBUTES[name](session)
    assert operations(app) == ["load and refresh"]
    assert session["name"] == "Ada"


def test_an_assigned_sid_keeps_the_entries_of_the_old_one(app: flask.Flask, session: Any) -> None:
    ATTRIBUTES["assigning sid"](session)
    assert dict(session) == ENTRIES
    assert session.sid == "another-one"


@pytest.mark.parametrize("name", NO_TOUCH)
def test_nothing_is_loaded_by(name: str, app: flask.Flask, session: Any) -> None:
    NO_TOUCH[name](session)
    assert operations(app) == []


@pytest.mark.parametrize("name", ["__lt__", "__le__", "__gt__", "__ge__"])
def test_sessions_have_no_order(name: str, session: Any) -> None:
    assert getattr(session, name)({}) is NotImplemented


def test_an_unloaded_session_is_physically_not_an_empty_dict(session: Any) -> None:
    assert dict.__len__(session) == 1
    (key,) = dict.keys(session)
    assert not isinstance(key, str)
    assert json.dumps(session) == json.dumps(ENTRIES)


@pytest.mark.shows("looks-past-the-methods")
@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode])
def test_what_looks_past_the_methods_fails_until_each_value_is_decoded(encode: Any, app: flask.Flask) -> None:
    entries = {"small": "Ada", "large": "x" * 600, "nested": ["x" * 20]}
    session = opened(app, stored(app, entries))
    with pytest.raises(TypeError):
        encode(session)
    assert dict.get(session, "small") is None
    assert operations(app) == []
    assert session["small"] == dict.get(session, "small") == "Ada"
    for key in ("large", "nested"):
        with pytest.raises(TypeError, match="Pending"):
            encode(session)
        assert dict.get(session, key) != entries[key]
        assert session[key] == dict.get(session, key) == entries[key]
    assert encode(session) == encode(entries)
    assert encode(dict(opened(app, stored(app, entries)))) == encode(entries)


def test_tojson_in_a_template_prints_the_session(app: flask.Flask) -> None:
    # Flask put the session itself into templates before 3.1.3; today it is a proxy, which tojson refuses.
    def view() -> str:
        session = flask.session._get_current_object()
        return flask.render_template_string("{{ session|tojson }}", session=session)

    app.add_url_rule("/", view_func=view)
    response = app.test_client(use_cookies=False).get(
        "/", headers={"Cookie": f"session={stored(app, ENTRIES)}"}
    )
    assert json.loads(response.data) == ENTRIES


def test_a_missing_key_is_a_key_error(session: Any) -> None:
    with pytest.raises(KeyError, match="nothing"):
        session["nothing"]
    with pytest.raises(KeyError, match="nothing"):
        session.pop("nothing")
    with pytest.raises(KeyError, match="nothing"):
        del session["nothing"]


def test_two_unloaded_sessions_compare_by_their_entries(app: flask.Flask) -> None:
    stored(app, ENTRIES, "one-session")
    stored(app, ENTRIES, "other-session")
    assert opened(app, "one-session") == opened(app, "other-session")
    assert isinstance(opened(app, "one-session"), ServerSideSession)
