"""Each application's sessions lie in its own database, whoever shares its objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine

from flask_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Shop


def site(folder: Path, name: str, db: SQLAlchemy) -> Flask:
    app = Flask(name)
    app.config.update(
        SESSION_TYPE="sqlalchemy",
        SESSION_SQLALCHEMY=db,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/{name}.db",
    )
    db.init_app(app)
    app.add_url_rule("/set", "set", lambda: session.update(name=name) or "")  # type: ignore[func-returns-value]
    app.add_url_rule("/get", "get", lambda: str(session.get("name")))
    return app


@pytest.mark.parametrize("shares_interface", [False, True])
def test_a_session_is_its_own_applications_in_whatever_context(
    tmp_path: Path, shares_interface: bool
) -> None:
    db = SQLAlchemy()
    one, other = site(tmp_path, "one", db), site(tmp_path, "other", db)
    Session(one)
    if shares_interface:
        other.session_interface = one.session_interface
        with other.app_context():
            db.create_all()
    else:
        Session(other)

    def inside() -> Any:
        with other.app_context():
            return str(session.get("name"))

    one.add_url_rule("/inside", "inside", inside)
    clients = one.test_client(), other.test_client()
    for client in clients:
        client.get("/set")
    assert [client.get("/get").text for client in clients] == ["one", "other"]
    if not shares_interface:
        assert clients[0].get("/inside").text == "one"
    assert clients[0].get("/get").text == "one"


@pytest.mark.skipif(not hasattr(SQLAlchemy, "engines"), reason="Flask-SQLAlchemy 2.5 has no such property")
def test_engines_that_are_patched_later_are_used_as_long(
    open_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    shop = open_shop("sqlite_file")
    shop.visit(lambda: session.update(user="ann"))
    other = create_engine(f"sqlite:///{tmp_path}/other.db")
    with mock.patch.object(type(shop.db), "engines", {None: other}):
        assert shop.seen(lambda: session.get("user")) is None
        shop.visit(lambda: session.update(user="bob"))
        assert (tmp_path / "other.db").exists()
    shop.client = shop.app.test_client()
    shop.visit(lambda: session.update(user="eve"))
    other.dispose()
    (tmp_path / "other.db").unlink()
    assert shop.seen(lambda: session.get("user")) == "eve"
    assert not (tmp_path / "other.db").exists()
