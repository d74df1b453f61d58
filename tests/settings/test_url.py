"""SESSION_URL: the backend by what the URL begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
import pytest

from flask_session import (
    FileSystemSessionInterface,
    PostgreSqlSessionInterface,
    RedisSessionInterface,
    Session,
    SessionMisconfigured,
    SqlAlchemySessionInterface,
    settings,
)
from flask_session._core import backends
from flask_session.url import NativeSessionInterface, backend_of, is_served_by

if TYPE_CHECKING:
    from pathlib import Path

    from redis_server import RedisServer


def configured(**config: Any) -> Any:
    app = flask.Flask("configured")
    app.config.update(config)
    app.add_url_rule("/put", "put", lambda: flask.session.update(user="ann") or flask.session.sid)
    Session(app)
    return app.session_interface


def visited(interface: Any) -> str:
    return interface.app.test_client().get("/put").text


def test_a_redis_url_alone_is_redis(redis_server: RedisServer) -> None:
    interface = configured(SESSION_URL=redis_server.url(3))
    assert type(interface) is RedisSessionInterface
    sid = visited(interface)
    assert b"ann" in redis_server.client(3).get(f"session:{sid}")
    assert interface.client.get(f"session:{sid}")


def test_a_file_url_alone_is_files_with_the_settings_of_files(tmp_path: Path) -> None:
    interface = configured(SESSION_URL=f"file://{tmp_path}/kept", SESSION_FILE_MODE=0o640)
    assert type(interface) is FileSystemSessionInterface
    assert interface.cache.get("session:" + visited(interface))["user"] == "ann"
    modes = {file.stat().st_mode & 0o777 for file in (tmp_path / "kept").rglob("*") if len(file.name) == 64}
    assert modes == {0o640}


@pytest.mark.parametrize("kind", ["filesystem", " FileSystem", None])
def test_the_same_type_beside_it_is_fine(tmp_path: Path, kind: str | None) -> None:
    assert configured(SESSION_URL=f"file:{tmp_path}", SESSION_TYPE=kind).cache.has("nothing") is False


@pytest.mark.parametrize("kind", ["redis", "cachelib", "null", "floppy", ["redis"]])
def test_another_type_beside_it_is_an_error_that_names_both(tmp_path: Path, kind: Any) -> None:
    with pytest.raises(SessionMisconfigured, match=r"SESSION_TYPE = .*SESSION_URL begins with file:"):
        configured(SESSION_URL=f"file:{tmp_path}", SESSION_TYPE=kind)


def test_another_place_beside_it_is_an_error_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_URL and SESSION_FILE_DIR are both set"):
        configured(SESSION_URL=f"file:{tmp_path}", SESSION_FILE_DIR=str(tmp_path))
    with pytest.raises(SessionMisconfigured, match="SESSION_URL and SESSION_REDIS are both set"):
        configured(SESSION_URL="redis://", SESSION_REDIS="redis://")


@pytest.mark.parametrize("url", ["http://user:secret@h", "redis", "", "/secret", "FILE"])
def test_a_url_of_no_kind_is_an_error_that_lists_the_kinds_and_not_the_url(url: str) -> None:
    with pytest.raises(
        SessionMisconfigured, match=r"SESSION_URL must begin with one of .*file:.*redis:"
    ) as raised:
        configured(SESSION_URL=url)
    assert "secret" not in str(raised.value)


def test_every_scheme_leads_to_its_backend() -> None:
    for name, schemes in backends():
        for scheme in schemes:
            assert backend_of(f"{scheme}://somewhere") == name
    assert {"redis", "filesystem"} <= {name for name, _ in backends()}


def test_a_database_alone_holds_the_table_of_released_versions_and_with_its_type_that_of_the_branch() -> None:
    where = {"SESSION_URL": "postgresql://h/database"}
    assert type(configured(**where)) is SqlAlchemySessionInterface
    assert type(configured(**where, SESSION_TYPE="postgresql")) is PostgreSqlSessionInterface


def test_a_database_may_be_called_sqlalchemy_too() -> None:
    assert is_served_by("sqlalchemy", "postgresql")
    assert is_served_by("postgresql", "postgresql")
    assert not is_served_by("postgresql", "mysql")
    assert not is_served_by("sqlalchemy", "redis")


def test_a_backend_without_an_interface_of_its_own_gets_the_general_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "BACKENDS", {"redis": settings.BACKENDS["redis"]})
    interface = configured(SESSION_URL=f"file:{tmp_path}/kept", SESSION_KEY_PREFIX="p:")
    assert type(interface) is NativeSessionInterface
    assert interface.guarantee == "merge"
    assert interface.ttl is False
    sid = visited(interface)
    assert b"ann" in interface._current_store().get(f"p:{sid}")
    with pytest.raises(SessionMisconfigured, match="SESSION_NATIVE is off"):
        configured(SESSION_URL=f"file:{tmp_path}", SESSION_NATIVE=False)
