"""A session is freed with its request, whatever it holds and however it ended."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import flask
import pytest

from flask_session import ServerSideSession
from flask_session.exceptions import StoreUnreachable
from memory_sessions import application, stored


def _keep_itself(app: flask.Flask) -> None:
    def view() -> str:
        session: Any = flask.session._get_current_object()
        session.on_update = lambda _: session
        session.itself = session
        session["itself"] = session
        del session["itself"]
        return ""

    app.add_url_rule("/", view_func=view)


def _fail_to_load(app: flask.Flask) -> None:
    def load(*_: Any) -> None:
        raise StoreUnreachable("no answer")

    app.session_interface.store.load = load
    app.add_url_rule("/", view_func=lambda: flask.session["name"])


def _fail_to_save(app: flask.Flask) -> None:
    def view() -> str:
        flask.session["unsupported"] = object()
        return ""

    app.add_url_rule("/", view_func=view)


def _go_on_without_it(app: flask.Flask) -> None:
    app.session_interface.on_store_failure = "null"
    _fail_to_load(app)


@pytest.mark.parametrize("lead", [_keep_itself, _fail_to_load, _fail_to_save, _go_on_without_it])
def test_no_session_outlives_its_request(
    lead: Callable[[flask.Flask], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Own(ServerSideSession):
        """Of this test alone."""

    app = application()
    app.session_interface.session_class = Own
    app.testing = False
    monkeypatch.setattr(app.logger, "disabled", True)  # pytest keeps what is logged
    lead(app)
    cookie = {"Cookie": f"session={stored(app, {'_permanent': True, 'name': 'Ada'})}"}
    client = app.test_client(use_cookies=False)
    for _ in range(3):
        client.get("/", headers=cookie)
    gc.collect()
    assert sum(type(held) is Own for held in gc.get_objects()) == 0


def test_a_package_that_is_imported_again_is_freed() -> None:
    program = """
import gc, sys, weakref
def imported():
    for name in [name for name in sys.modules if name.partition(".")[0] == "flask_session"]:
        del sys.modules[name]
    import flask_session
    return weakref.ref(flask_session.ServerSideSessionInterface)
first, second, last = imported(), imported(), imported()
gc.collect()
print(second() is None, last() is not None)
"""
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert result.stdout == "True True\n"
