"""What an application has replaced counts, however and whenever it did so."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import flask
import flask.sessions
import pytest
from flask.sessions import SessionInterface

from flask_session import ServerSideSessionInterface
from memory_sessions import MemorySessionInterface, application, opened, operations, saved, stored

ENTRIES = {"_permanent": True, "cart": ["tea"]}
COOKIE = "session=a-stored-session; HttpOnly; Path=/"

BEFORE_THE_IMPORT = """
import flask
from flask.sessions import SessionInterface
from werkzeug.wrappers import Request, Response

paths = []
SessionInterface.get_cookie_path = lambda self, app: paths[-1]
if {own_cookies}:
    Request.cookies = property(lambda self: {{"session": "a-stored-session"}})
    write = Response.set_cookie

    def strictly(self, *args, **options):
        write(self, *args, **{{**options, "samesite": "Strict"}})

    Response.set_cookie = strictly
    Response.vary = property(lambda self: {{"Accept"}})

from memory_sessions import application, opened_with, saved, stored

app = application()
stored(app, {{"_permanent": False}})
for path in ("/one", "/two"):
    paths.append(path)
    session = opened_with(app, {header!r})
    session["path"] = path
    print(saved(app, session).headers)
"""


def written(app: flask.Flask, response: Any = None) -> str:
    """The Set-Cookie of a request that changes its session, without its date."""
    session = opened(app, "a-stored-session")
    session["cart"].append("milk")
    response = response or flask.Response()
    app.session_interface.save_session(app, session, response)
    parts = response.headers.get("Set-Cookie", "").split("; ")
    return "; ".join(part for part in parts if not part.startswith("Expires="))


def answering(interface_class: Any = MemorySessionInterface) -> flask.Flask:
    app = application(interface_class)
    stored(app, ENTRIES)
    return app


def headers_of(own_cookies: bool, header: str) -> str:
    program = BEFORE_THE_IMPORT.format(own_cookies=own_cookies, header=header)
    command = [sys.executable, "-c", program]
    environment = {"PYTHONPATH": "tests:python"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def test_a_hook_that_was_replaced_before_the_import_is_asked_each_time() -> None:
    headers = headers_of(False, "session=a-stored-session")
    assert "session=a-stored-session; HttpOnly; Path=/one\n" in headers
    assert "session=a-stored-session; HttpOnly; Path=/two\n" in headers


def test_a_request_or_response_that_was_replaced_before_the_import_is_asked() -> None:
    headers = headers_of(True, "session=another-session")
    assert "session=a-stored-session; HttpOnly; Path=/one; SameSite=Strict\n" in headers
    assert "Vary" not in headers


def test_after_another_import_nothing_is_replaced() -> None:
    program = """
import sys
from memory_sessions import application, opened, saved
app = application()
app.session_interface._upsert_session = lambda *_: None
session = opened(app, None)
session["name"] = "Ada"
saved(app, session)
for name in [name for name in sys.modules if name.startswith(("flask_session", "memory_sessions"))]:
    del sys.modules[name]
from memory_sessions import application, opened, saved, stored
app = application(SESSION_REFRESH_EACH_REQUEST=False)
session = opened(app, stored(app, {"cart": []}))
session["cart"].append("tea")
saved(app, session)
new = opened(app, None)
new["name"] = "Ada"
saved(app, new)
print(opened(app, "a-stored-session")["cart"], opened(app, new.sid)["name"], new.new)
print(app.session_interface.guarantee)
app.session_interface._upsert_session = app.session_interface._upsert_session
print(app.session_interface.guarantee)
session = opened(app, "a-stored-session")
session["cart"].append("milk")
saved(app, session)
print(opened(app, "a-stored-session")["cart"])
from flask_session.exceptions import StoreUnreachable
app = application(SESSION_ON_STORE_FAILURE="null")
def load(*_):
    raise StoreUnreachable("no answer")
app.session_interface.store.load = load
print(dict(opened(app, "a-stored-session")))
"""
    environment = {"PYTHONPATH": "tests:python"}
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert result.stdout == "['tea'] Ada False\nmerge\noverwrite\n['tea', 'milk']\n{}\n"


def test_a_store_is_used_directly_while_nothing_that_stores_or_codes_is_replaced() -> None:
    interface: Any = answering().session_interface
    serializer = interface.serializer
    assert interface._direct_store() is not None
    interface._upsert_session = interface._upsert_session
    assert interface._direct_store() is None
    del interface._upsert_session
    for other in (None, mock.Mock(wraps=serializer)):
        interface.serializer = other
        assert interface._direct_store() is None
    interface.serializer = serializer
    with mock.patch.object(serializer, "encode"):
        assert interface._direct_store() is None
    with mock.patch.object(MemorySessionInterface, "_retrieve_session_data"):
        assert interface._direct_store() is None
    assert interface._direct_store() is not None


def test_a_hook_may_be_another_hook() -> None:
    class AsFlask(MemorySessionInterface):
        should_set_storage = SessionInterface.should_set_cookie

    class AsStored(MemorySessionInterface):
        should_set_cookie = ServerSideSessionInterface.should_set_storage

    app = answering(AsFlask)
    stored(app, {"_permanent": False, "cart": []})
    assert operations(app) == []
    saved(app, opened(app, "a-stored-session"))
    assert operations(app) == ["load"]

    app = answering(AsStored)
    stored(app, {"_permanent": False, "cart": []})
    assert written(app) == COOKIE


def test_a_hook_may_be_an_object_that_cannot_be_hashed() -> None:
    @dataclass
    class Path:
        path: str

        def __call__(self, *_args: Any) -> str:
            return self.path

    class Own(MemorySessionInterface):
        get_cookie_path = Path("/own")

    assert written(answering(Own)) == "session=a-stored-session; HttpOnly; Path=/own"


def test_what_makes_the_cookie_may_be_overridden() -> None:
    class Own(MemorySessionInterface):
        def _cookie_attributes(self, app: flask.Flask) -> dict[str, Any]:
            return {**super()._cookie_attributes(app), "path": "/own"}

    class Silent(MemorySessionInterface):
        def _set_cookie(self, *_args: Any) -> None:
            pass

    assert written(answering(Own)) == "session=a-stored-session; HttpOnly; Path=/own"
    assert written(answering(Silent)) == ""


@pytest.mark.parametrize(("hook", "answer"), [("_acceptable", False), ("_sid_in", None), ("_sids", [])])
def test_what_believes_cookies_may_be_overridden(hook: str, answer: Any) -> None:
    app = answering()
    with mock.patch.object(MemorySessionInterface, hook, return_value=answer):
        assert opened(app, "a-stored-session").get("cart") is None
    assert opened(app, "a-stored-session")["cart"] == ["tea"]


def test_a_partitioned_hook_of_its_own_is_asked_each_time() -> None:
    class Own(MemorySessionInterface):
        asked = 0

        def get_cookie_partitioned(self, app: flask.Flask) -> bool:
            del app
            self.asked += 1
            return False

    app = answering(Own)
    written(app)
    written(app)
    assert app.session_interface.asked == 2  # type: ignore[attr-defined]


def test_the_clock_is_flasks() -> None:
    app = answering()
    app.permanent_session_lifetime = timedelta(seconds=1)
    session = opened(app, "a-stored-session")
    session["cart"].append("milk")
    now = datetime(2031, 2, 3, 4, 5, 5, tzinfo=timezone.utc)
    with mock.patch.object(flask.sessions, "datetime") as patched:
        patched.now.return_value = patched.utcnow.return_value = now
        assert "Expires=Mon, 03 Feb 2031 04:05:06 GMT" in saved(app, session).headers["Set-Cookie"]


def test_another_clock_is_not() -> None:
    app = answering()
    session = opened(app, "a-stored-session")
    session["cart"].append("milk")
    with mock.patch("time.time", return_value=0.0):
        assert " 1970 " not in saved(app, session).headers["Set-Cookie"]


def test_a_lifetime_beyond_all_dates_is_flasks_error() -> None:
    app = answering()
    session = opened(app, "a-stored-session")
    session["cart"].append("milk")
    app.permanent_session_lifetime = timedelta.max
    with pytest.raises(OverflowError):
        saved(app, session)


def test_applications_with_one_interface_have_their_own_kinds_of_configuration() -> None:
    class Tenant(flask.Config):
        def __getitem__(self, key: str) -> Any:
            return "/tenant" if key == "SESSION_COOKIE_PATH" else super().__getitem__(key)

    class Other(flask.Flask):
        config_class = Tenant

    app, other = answering(), Other("other")
    other.session_interface = app.session_interface
    for _ in range(2):
        assert written(app) == COOKIE
        assert written(other) == "session=a-stored-session; HttpOnly; Path=/tenant"


def test_headers_need_not_be_werkzeugs() -> None:
    app = answering()
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    session = opened(app, "a-stored-session")
    assert session["cart"] == ["tea"]
    response = flask.Response()
    response.headers = {"X-Own": "1"}  # type: ignore[assignment]
    app.session_interface.save_session(app, session, response)
    assert response.headers == {"X-Own": "1", "Vary": "Cookie"}


def test_a_module_that_may_not_be_imported_is_no_greenlet() -> None:
    greenlets = importlib.import_module("flask_session.greenlets")
    with mock.patch.dict(sys.modules, {"gevent.monkey": None, "eventlet.patcher": None}):
        assert greenlets.under_greenlets() is None


def test_modules_are_attributes_of_the_package() -> None:
    program = "import flask_session as ours; print(ours.base.ServerSideSession, ours._utils.retry_query)"
    subprocess.run([sys.executable, "-c", program], check=True)
