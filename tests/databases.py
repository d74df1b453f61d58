"""Databases for the tests of sessions in SQL: each test has a table, or a file, of its own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from flask import Flask

SERVERS = {"postgresql": "restartable_postgresql", "mariadb": "mariadb_server"}
ON_SERVERS = ["postgresql", "postgresql_native", "mariadb", "mariadb_native"]
"""Those whose name ends so are reached by native connections, the others through the engine."""
DATABASES = ["sqlite_file", "sqlite_memory", *ON_SERVERS]


def server_of(name: str, request: pytest.FixtureRequest) -> Any:
    """The server of one of ON_SERVERS."""
    return request.getfixturevalue(SERVERS[name.removesuffix("_native")])


def uri_of(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of one of DATABASES."""
    if name == "sqlite_memory":
        return "sqlite://"
    if name == "sqlite_file":
        return f"sqlite:///{tmp_path / 'application.db'}"
    server = server_of(name, request)
    return server.url(server.database)


def settings_of(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What an application on one of DATABASES configures; the object is yet to be given the application."""
    return {
        "SQLALCHEMY_DATABASE_URI": uri_of(name, request, tmp_path),
        "SESSION_TYPE": "sqlalchemy",
        "SESSION_SQLALCHEMY": SQLAlchemy(),
        "SESSION_SQLALCHEMY_TABLE": f"sessions_{uuid.uuid4().hex[:10]}",
        "SESSION_NATIVE": name.endswith("_native"),
    }


def close(app: Flask) -> None:
    """Closes the connections of the application's engines, and ours with them."""
    db = app.extensions.get("sqlalchemy")
    if db is not None:
        with app.app_context():
            engines = db.engines.values() if hasattr(db, "engines") else [db.db.engine]
            for engine in engines:
                engine.dispose()
