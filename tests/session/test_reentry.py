"""Code of the application's that runs in the middle of a deed may look at the session and change it."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from memory_sessions import application, opened, saved, stored

APP = application()


class Looking:
    """Looks at the session and changes it where nobody expects it; ``seen`` says that it could."""

    def __init__(self, session: Any, seen: list[str]) -> None:
        self.session, self.seen = session, seen

    def look(self, where: str) -> None:
        self.session["looked"] = self.session.get("looked", 0) + 1
        self.session.accessed = self.session.modified = True
        self.seen.append(where)

    def __bool__(self) -> bool:
        self.look("bool")
        return True

    def __call__(self, *_: Any) -> None:
        pass

    def __del__(self) -> None:
        self.look("del")


def _key(session: Any, seen: list[str]) -> Any:
    class Key(str):
        __slots__ = ("looking",)

        def __hash__(self) -> int:
            self.looking.seen.append("hash")
            session.accessed = session.modified = True
            return str.__hash__(self)

        def __eq__(self, other: object) -> bool:
            return str.__eq__(self, other)

        def __del__(self) -> None:
            session.accessed = session.modified = True
            seen.append("key freed")

    key = Key("key")
    key.looking = Looking(session, seen)
    return key


def _free_a_callback(session: Any, seen: list[str]) -> None:
    session.on_update = Looking(session, seen)
    session.on_update = None


def _say_that_it_was_accessed(session: Any, seen: list[str]) -> None:
    session.accessed = Looking(session, seen)


def _say_that_it_was_modified(session: Any, seen: list[str]) -> None:
    session.modified = Looking(session, seen)


def _replace_values(session: Any, seen: list[str]) -> None:
    for replace in (
        lambda: session.__setitem__("value", 1),
        lambda: session.__delitem__("value"),
        lambda: session.pop("value"),
        lambda: session.update(value=1),
        lambda: session.clear(),
    ):
        session["value"] = Looking(session, seen)
        replace()
    assert len(seen) == 5


def _use_a_key_of_its_own(session: Any, seen: list[str]) -> None:
    session[_key(session, seen)] = 1
    del session["key"]
    session["other"] = 1
    saved(APP, session)
    assert "hash" in seen
    assert "key freed" in seen


def _use_ids_of_its_own(session: Any, seen: list[str]) -> None:
    class Id(str):
        __slots__ = ()

        def __del__(self) -> None:
            session.accessed = session.modified = True
            seen.append(str(self))

    session.sid = Id("first")
    saved(APP, session)
    session.sid = Id("second")
    saved(APP, session)
    APP.session_interface.regenerate(session)
    saved(APP, session)
    session.__init__(sid=Id("third"))
    session.__init__()
    assert seen == ["first", "second", "third"]


def _fail_twice(session: Any, seen: list[str]) -> None:
    class Failure(Exception):
        def __del__(self) -> None:
            session["freed"] = True
            seen.append("failure freed")

    def should_set_storage(*_: Any) -> bool:
        raise Failure

    interface = APP.session_interface
    interface.should_set_storage = should_set_storage
    try:
        session["a"] = 1
        for _ in range(3):
            with suppress(Failure):
                saved(APP, session)
    finally:
        del interface.should_set_storage
    assert "failure freed" in seen


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "deed",
    [
        _free_a_callback,
        _say_that_it_was_accessed,
        _say_that_it_was_modified,
        _replace_values,
        _use_a_key_of_its_own,
        _use_ids_of_its_own,
        _fail_twice,
    ],
)
def test_what_runs_in_the_middle_may_use_the_session(deed: Callable[[Any, list[str]], None]) -> None:
    session, seen = opened(APP, stored(APP, {"_permanent": True, "name": "Ada"})), []
    deed(session, seen)
    gc.collect()
    assert seen
    assert session.modified


def test_a_collection_may_happen_at_any_allocation() -> None:
    sid, seen = stored(APP, {"_permanent": True, "name": "Ada"}), []
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for _ in range(100):
            session = opened(APP, sid)
            garbage: Any = Looking(session, seen)
            garbage.itself = garbage
            del garbage
            session["b"] = session["name"]
            session.pop("b")
            saved(APP, session)
    finally:
        gc.set_threshold(*thresholds)
    assert seen


def test_the_first_import_in_a_process_may_look_at_the_session() -> None:
    program = """
import builtins
from flask_session import ServerSideSession
session, seen, importing = ServerSideSession(), [], builtins.__import__
def watched(*args, **kwargs):
    session.accessed = True
    seen.append(args[0])
    return importing(*args, **kwargs)
builtins.__import__ = watched
session.on_update
print("flask_session._core" in seen)
"""
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONPATH": "python"})
    assert result.stdout == "True\n"
