"""Applications on every kind of store, with browsers, and their commands."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

from databases import close, uri_of
from flask_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

TYPED = {
    "pair": (1, (2, b"bytes")),
    "tags": {"x"},
    "when": datetime(2024, 2, 29, 1, 2, 3, tzinfo=timezone.utc),
    "amount": Decimal("1.10"),
}
"""What Flask-Session 0.8.0 would give back as lists and text."""


class Site:
    """An application, and the browsers that visit it."""

    def __init__(self, **config: Any) -> None:
        self.app = Flask("site")
        self.app.config.update(config)
        db = config.get("SESSION_SQLALCHEMY")
        if isinstance(db, SQLAlchemy):
            db.init_app(self.app)
        Session(self.app)
        self.app.add_url_rule("/log-in/<user>", view_func=log_in)
        self.app.add_url_rule("/change/<value>", view_func=change)
        self.app.add_url_rule("/", view_func=show)

    @property
    def interface(self) -> Any:
        return self.app.session_interface

    def visit(self, path: str, cookie: str = "") -> tuple[str, str]:
        """The answer, and the cookie that the browser has then."""
        headers = {"Cookie": f"session={cookie}"} if cookie else {}
        response = self.app.test_client(use_cookies=False).get(path, headers=headers)
        assert response.status_code == 200, response.text
        for text in response.headers.getlist("Set-Cookie"):
            cookie = text.partition(";")[0].partition("=")[2]
        return response.text, cookie

    def logged_in(self, *users: str) -> dict[str, str]:
        """New browsers by their users."""
        return {user: self.visit(f"/log-in/{user}")[1] for user in users}

    def user(self, cookie: str) -> str:
        """Who the site takes this browser for."""
        return self.visit("/", cookie)[0]

    def run(self, *arguments: str, **options: Any) -> Result:
        """One command of `flask session`."""
        return self.app.test_cli_runner().invoke(args=["session", *arguments], **options)

    def told(self, *arguments: str, **options: Any) -> list[str]:
        """The lines of a command that ends well, without its progress bar."""
        result = self.run(*arguments, **options)
        assert result.exit_code == 0, result.output
        return [line.strip() for line in result.stdout.splitlines() if line != "Sessions"]

    def payload(self, cookie: str) -> bytes:
        with self.app.app_context():
            found: bytes = self.interface._current_store().get(self.interface.key_prefix + cookie)
        return found

    def left(self, cookie: str) -> float | None:
        """The seconds that a session still lives."""
        with self.app.app_context():
            found = self.interface._current_store().examine(self.interface.key_prefix + cookie)
        assert found is not None
        left: float | None = found[1]
        return left


def log_in(user: str) -> str:
    session["user"] = user
    session["number"] = len(user)
    session.update(TYPED)
    return "in"


def change(value: str) -> str:
    session["value"] = value
    return value


def show() -> str:
    if "user" not in session:
        return "nobody"
    wrong = {name for name, value in TYPED.items() if session[name] != value}
    return f"{session['user']}{session.get('value', '')}{''.join(sorted(wrong))}"


LISTING = (
    "redis",
    "redis_client",
    "filesystem",
    "mongodb",
    "mongodb_client",
    "sqlite_native",
    "sqlite_client",
    "postgresql_native",
    "postgresql_client",
    "postgresql_pool",
    "mariadb_native",
    "mariadb_client",
    "dynamodb",
)
"""Each kind of store that can list its sessions, natively and through the application's client."""


@pytest.fixture
def make_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes sites on stores by their names; each has sessions of its own."""
    made: list[Site] = []

    def make(kind: str, **config: Any) -> Site:
        made.append(Site(**{**settings_of(kind, request, tmp_path), **config}))
        return made[-1]

    yield make
    for site in made:
        close(site.app)
        pool = site.app.config.get("SESSION_POSTGRESQL")
        if pool is not None and not isinstance(pool, str):
            pool.closeall()


def settings_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The configuration of an application on such a store."""
    backend, _, way = kind.partition("_")
    prefix = {"SESSION_KEY_PREFIX": f"{uuid.uuid4().hex[:8]}:"}
    if backend == "redis":
        server = request.getfixturevalue("shared_redis_server")
        return {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": server.client(),
            "SESSION_NATIVE": not way,
            **prefix,
        }
    if backend == "filesystem":
        return {"SESSION_TYPE": backend, "SESSION_FILE_DIR": str(tmp_path / uuid.uuid4().hex)}
    if backend == "memcached":
        url = request.getfixturevalue("shared_memcached_server").url
        return {"SESSION_TYPE": backend, "SESSION_MEMCACHED": url, **prefix}
    if backend == "mongodb":
        server = request.getfixturevalue("mongodb_server")
        client = server.own_client if way else server.url
        database = {"SESSION_MONGODB_DB": server.database_name(), "SESSION_NATIVE": not way}
        return {"SESSION_TYPE": backend, "SESSION_MONGODB": client, **database}
    if backend == "dynamodb":
        server = request.getfixturevalue("dynamodb_server")
        table = {"SESSION_DYNAMODB_TABLE": server.table_name()}
        return {"SESSION_TYPE": backend, "SESSION_DYNAMODB": server.resource(), **table}
    uri = uri_of("sqlite_file" if backend == "sqlite" else backend, request, tmp_path)
    table = f"sessions_{uuid.uuid4().hex[:10]}"
    if way == "pool":
        from psycopg2.pool import ThreadedConnectionPool

        pool = ThreadedConnectionPool(1, 2, uri.replace("+psycopg2", ""))
        return {"SESSION_TYPE": backend, "SESSION_POSTGRESQL": pool, "SESSION_POSTGRESQL_TABLE": table}
    common = {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY_TABLE": table}
    if way == "native":
        return {**common, "SESSION_SQLALCHEMY": uri.replace("+psycopg2", "").replace("+pymysql", "")}
    return {**common, "SQLALCHEMY_DATABASE_URI": uri, "SESSION_SQLALCHEMY": SQLAlchemy()}
