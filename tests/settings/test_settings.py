"""Each setting: read, checked, documented; each backend chosen by its name."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest

from flask_session import (
    Defaults,
    FileSystemSessionInterface,
    NullSession,
    NullSessionInterface,
    Session,
    SessionMisconfigured,
    _installation,
    settings,
)

ALL = [setting for _, group in settings.sections() for setting in group]
TYPE_OF = {setting.name: kind or "filesystem" for kind, group in settings.sections() for setting in group}


def configured(**config: Any) -> Any:
    app = flask.Flask("configured")
    app.config.update(config)
    Session(app)
    return app.session_interface


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files(tmp_path: Path, **config: Any) -> Any:
    return configured(SESSION_TYPE="filesystem", SESSION_FILE_DIR=tmp_path / "files", **config)


def test_defaults_has_each_setting() -> None:
    assert len({setting.name for setting in ALL}) == len(ALL)
    for setting in ALL:
        assert getattr(Defaults, setting.name) == setting.default
    assert Defaults.SESSION_KEY_PREFIX == "session:"
    assert Defaults.SESSION_FILE_MODE == 384


def test_a_default_is_a_legal_value() -> None:
    for setting in ALL:
        assert setting.read({}) == setting.default


WRONG: dict[str, Any] = {
    "SESSION_PERMANENT": "perhaps",
    "SESSION_USE_SIGNER": "2",
    "SESSION_ACCEPT_UNSIGNED": "2",
    "SESSION_KEY_PREFIX": 5,
    "SESSION_ID_LENGTH": 0,
    "SESSION_SERIALIZATION_FORMAT": "pickle",
    "SESSION_CLEANUP_N_REQUESTS": "often",
    "SESSION_NATIVE": "maybe",
    "SESSION_EAGER": "maybe",
    "SESSION_TOUCH_INTERVAL": -1,
    "SESSION_KEEP_TYPES": "maybe",
    "SESSION_LEGACY_PICKLE": "maybe",
    "SESSION_MAX_BYTES": 0,
    "SESSION_ON_CONFLICT": "fight",
    "SESSION_ON_STORE_FAILURE": "ignore",
    "SESSION_FILE_DIR": 5,
    "SESSION_FILE_THRESHOLD": -1,
    "SESSION_FILE_MODE": "rw",
    "SESSION_FILE_FSYNC": "perhaps",
    "SESSION_TYPE": "floppy",
    "SESSION_URL": "http://h",
    "SESSION_REDIS": 5,
    "SESSION_MONGODB": 5,
    "SESSION_MONGODB_DB": 5,
    "SESSION_MONGODB_COLLECT": 5,
    "SESSION_CACHELIB": 5,
    "SESSION_POSTGRESQL": 5,
    "SESSION_POSTGRESQL_TABLE": 5,
    "SESSION_POSTGRESQL_SCHEMA": 5,
    "SESSION_MEMCACHED": 5,
    "SESSION_DYNAMODB": 5,
    "SESSION_DYNAMODB_TABLE": 5,
    "SESSION_DYNAMODB_TABLE_NAME": 5,
    "SESSION_DYNAMODB_TABLE_EXISTS": "perhaps",
    "SESSION_SQLALCHEMY": 5,
    "SESSION_SQLALCHEMY_TABLE": 5,
    "SESSION_SQLALCHEMY_SEQUENCE": 5,
    "SESSION_SQLALCHEMY_SCHEMA": 5,
    "SESSION_SQLALCHEMY_BIND_KEY": 5,
    "SESSION_SQLALCHEMY_TABLE_EXISTS": "maybe",
}


@pytest.mark.parametrize("name", [setting.name for setting in ALL])
def test_a_wrong_value_is_an_error_that_names_its_key(name: str) -> None:
    config = {"SESSION_TYPE": TYPE_OF[name], name: WRONG[name]}
    with pytest.raises(SessionMisconfigured, match=name):
        configured(**config)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("SESSION_PERMANENT", "false", False),
        ("SESSION_PERMANENT", 1, True),
        ("SESSION_ID_LENGTH", "16", 16),
        ("SESSION_SERIALIZATION_FORMAT", "JSON", "json"),
        ("SESSION_TOUCH_INTERVAL", timedelta(minutes=2), 120.0),
        ("SESSION_ON_CONFLICT", "Overwrite", "overwrite"),
        ("SESSION_CLEANUP_N_REQUESTS", None, None),
    ],
)
def test_a_value_may_be_written_in_several_ways(name: str, value: Any, read: Any) -> None:
    (setting,) = (setting for setting in ALL if setting.name == name)
    assert setting.read({name: value}) == read


def test_the_settings_reach_the_interface(tmp_path: Path) -> None:
    interface = files(
        tmp_path,
        SESSION_PERMANENT=False,
        SESSION_USE_SIGNER=True,
        SESSION_KEY_PREFIX="p:",
        SESSION_ID_LENGTH=16,
        SESSION_SERIALIZATION_FORMAT="json",
        SESSION_CLEANUP_N_REQUESTS=100,
        SESSION_NATIVE=False,
        SESSION_EAGER=True,
        SESSION_TOUCH_INTERVAL=5,
        SESSION_ON_CONFLICT="overwrite",
    )
    assert isinstance(interface, FileSystemSessionInterface)
    assert (interface.permanent, interface.use_signer, interface.key_prefix) == (False, True, "p:")
    assert (interface.sid_length, interface.serializer.codec.format) == (16, "json")
    assert (interface.cleanup_n_requests, interface.native, interface.eager) == (100, False, True)
    assert (interface.touch_interval, interface.on_conflict) == (5.0, "overwrite")


@pytest.mark.parametrize("name", ["FILESYSTEM", "FileSystem", " filesystem "])
def test_case_does_not_matter_in_the_type(name: str, tmp_path: Path) -> None:
    interface = configured(SESSION_TYPE=name, SESSION_FILE_DIR=str(tmp_path))
    assert isinstance(interface, FileSystemSessionInterface)


@pytest.mark.parametrize("name", [None, "floppy", "", 5, ["redis"]])
def test_an_unknown_type_is_an_error_that_lists_the_types(name: Any) -> None:
    with pytest.raises(SessionMisconfigured, match=r"SESSION_TYPE.*'null', 'redis', 'filesystem'"):
        configured(SESSION_TYPE=name)


@pytest.mark.parametrize("config", [{}, {"SESSION_TYPE": "null"}, {"SESSION_TYPE": "Null"}])
def test_without_a_backend_reading_works_and_setting_says_how_to_configure_one(config: Any) -> None:
    interface = configured(**config)
    assert isinstance(interface, NullSessionInterface)
    app = interface.app
    assert app is not None
    with app.test_request_context():
        session = flask.session
        assert session.get("a") is None
        assert "a" not in session
        assert not session
        for change in (lambda: session.update(a=1), lambda: session.pop("a", None), lambda: session.clear()):
            with pytest.raises(SessionMisconfigured, match="SESSION_TYPE"):
                change()
        with pytest.raises(SessionMisconfigured, match="SESSION_TYPE"):
            session["a"] = 1
    app.add_url_rule("/", view_func=lambda: str(isinstance(flask.session._get_current_object(), NullSession)))  # type: ignore[attr-defined]
    response = app.test_client().get("/")
    assert response.text == "True"
    assert "Set-Cookie" not in response.headers


def test_one_extension_serves_several_applications(tmp_path: Path) -> None:
    extension = Session()
    apps = [flask.Flask(f"app{number}") for number in range(2)]
    for app in apps:
        app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR=str(tmp_path))
        extension.init_app(app)
    assert apps[0].session_interface is not apps[1].session_interface


def session_files(tmp_path: Path) -> list[Path]:
    """The files named by the digest of a session's key; the others are the store's own."""
    return [path for path in (tmp_path / "files").rglob("*") if len(path.name) == 64]


def test_the_command_line_removes_expired_sessions_and_no_others(tmp_path: Path) -> None:
    interface = files(tmp_path)
    app = interface.app
    app.add_url_rule("/", view_func=lambda: flask.session.update(a=1) or flask.session.sid)
    app.config["PERMANENT_SESSION_LIFETIME"] = 1
    app.test_client().get("/")
    app.config["PERMANENT_SESSION_LIFETIME"] = 1000
    living = app.test_client().get("/").text
    assert len(session_files(tmp_path)) == 2
    time.sleep(1.2)
    result = app.test_cli_runner().invoke(args=["session_cleanup"])
    assert (result.exit_code, result.output) == (0, "")
    assert len(session_files(tmp_path)) == 1
    assert interface.cache.get(f"session:{living}") == {"_permanent": True, "a": 1}


@pytest.mark.shows("sweeps-run-aside")
def test_requests_sweep_stores_that_do_not_expire_sessions_themselves(tmp_path: Path) -> None:
    interface = files(tmp_path, SESSION_CLEANUP_N_REQUESTS=1)
    swept = []
    interface._delete_expired_sessions = lambda: swept.append(1)
    interface.app.add_url_rule("/", view_func=lambda: "")
    interface.app.test_client().get("/")
    interface._sweeper.wait(120)
    assert swept == [1]


def test_the_original_beside_us_is_a_warning_that_says_what_to_uninstall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _installation.check()
    monkeypatch.setattr(_installation, "distribution", lambda name: name)
    with pytest.warns(RuntimeWarning, match="pip uninstall flask-session"):
        _installation.check()
