"""What an application's own session class may be."""

from __future__ import annotations

import copy
import inspect
from collections import OrderedDict
from typing import Any

import pytest

from flask_session import ServerSideSession
from memory_sessions import application, opened, saved, stored


class Counting:
    """What applications mix in: methods, and attributes."""

    counted = 0


@pytest.mark.shows("sessions-have-a-layout")
def test_a_session_has_a_layout_of_its_own() -> None:
    with pytest.raises(TypeError, match="lay-out conflict"):
        type("Ordered", (ServerSideSession, OrderedDict), {})
    with pytest.raises(TypeError, match=r"dict\.__new__\(ServerSideSession\) is not safe"):
        dict.__new__(ServerSideSession)
    mixed: Any = type("Mixed", (ServerSideSession, Counting), {})
    assert mixed().counted == 0


def test_a_session_shows_its_constructors_parameters() -> None:
    assert list(inspect.signature(ServerSideSession).parameters) == ["initial", "sid", "permanent"]


def test_a_session_class_may_restore_its_own_attributes() -> None:
    class Own(ServerSideSession):
        def __setstate__(self, state: dict[str, Any]) -> None:
            self.__dict__.update(state, restored=True)

    held: Any = Own({"a": 1}, sid="an-id")
    held.mine = 2
    again = copy.copy(held)
    assert (again, again.sid, again.mine, again.restored) == ({"a": 1}, "an-id", 2, True)


def test_a_session_class_may_have_its_own_sid() -> None:
    class Own(ServerSideSession):
        @property
        def sid(self) -> str:  # type: ignore[override]
            return "an-id-of-its-own"

    app = application()
    app.session_interface.session_class = Own
    held = opened(app, stored(app, {"a": 1}))
    held["b"] = 2
    assert saved(app, held).headers["Set-Cookie"].startswith("session=an-id-of-its-own;")
    assert dict(opened(app, "an-id-of-its-own")) == {"a": 1, "b": 2}
