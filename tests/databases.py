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
DATABASES = ["sqlite_file", "sqlite_memory", "postgresql", "mariadb"]


def uri_of(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of one of DATABASES."""
    if name == "sqlite_memory":
        return "sqlite://"
    if name == "sqlite_file":
        return f"sqlite:///{tmp_path / 'application.db'}"
    server = request.getfixturevalue(SERVERS[name])
    return server.url(server.database)


def settings_of(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What an application on one of DATABASES configures; the object is yet to be given the application."""
    return {
        "SQLALCHEMY_DATABASE_URI": uri_of(name, request, tmp_path),
        "SESSION_TYPE": "sqlalchemy",
        "SESSION_SQLALCHEMY": SQLAlchemy(),
        "SESSION_SQLALCHEMY_TABLE": f"sessions_{uuid.uuid4().hex[:10]}",
        "SESSION_NATIVE": False,
    }


def close(app: Flask) -> None:
    """Closes the connections of the application's engines, and ours with them."""
    db = app.extensions.get("sqlalchemy")
    if db is not None:
        with app.app_context():
            engines = db.engines.values() if hasattr(db, "engines") else [db.db.engine]
            for engine in engines:
                engine.dispose()
