"""The attributes and methods of the interface that keeps sessions in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask
import pytest

from flask_session import FileSystemSessionInterface, Session


@pytest.fixture
def app(tmp_path: Path) -> flask.Flask:
    app = flask.Flask("files")
    app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR=str(tmp_path / "sessions"))
    Session(app)
    app.add_url_rule("/put", view_func=lambda: flask.session.update(a=1) or flask.session.sid, endpoint="put")
    app.add_url_rule("/get", view_func=lambda: dict(flask.session), endpoint="get")
    return app


def test_the_cache_reads_and_writes_the_sessions(app: flask.Flask) -> None:
    client, interface = app.test_client(), app.session_interface
    assert isinstance(interface, FileSystemSessionInterface)
    key = f"session:{client.get('/put').text}"
    assert interface.cache.get(key) == {"_permanent": True, "a": 1}
    assert interface.cache.has(key)
    interface.cache.set(key, {"a": 2}, timeout=100)
    assert client.get("/get").json == {"a": 2}
    assert interface.cache.delete(key)
    assert interface.cache.get(key) is None
    client.get("/put")
    app.test_client().get("/put")
    interface.cache.clear()
    assert client.get("/get").json == {"_permanent": True}


def test_an_assigned_cache_gets_flask_sessions_calls(app: flask.Flask) -> None:
    class Cache:
        def __init__(self) -> None:
            self.kept: dict[str, Any] = {}
            self.calls: list[str] = []

        def get(self, key: str) -> Any:
            self.calls.append("get")
            return self.kept.get(key)

        def set(self, key: str, value: Any, timeout: int) -> None:
            self.calls.append("set")
            self.kept[key] = value

        def delete(self, key: str) -> None:
            self.calls.append("delete")

    cache, interface = Cache(), app.session_interface
    interface.cache = cache  # type: ignore[attr-defined]
    client = app.test_client()
    client.get("/put")
    assert client.get("/get").json == {"_permanent": True, "a": 1}
    assert cache.calls == ["set", "get", "set"]
    assert interface.guarantee == "overwrite"  # type: ignore[attr-defined]


def test_no_setting_of_files_warns(tmp_path: Path) -> None:
    FileSystemSessionInterface(None, cache_dir=tmp_path, threshold=5, mode=0o640)
