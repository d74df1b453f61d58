"""Applications with a table of their own beside the sessions, on each database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from databases import DATABASES, close, settings_of
from flask_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Shop:
    """An application with a table of orders; `visit` performs a request whose view is the function given."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.db: SQLAlchemy = config["SESSION_SQLALCHEMY"]
        self.app = Flask("shop")
        self.app.config.update(config)
        self.db.init_app(self.app)
        Session(self.app)
        self.view: Callable[[], Any] = lambda: None

        class Order(self.db.Model):  # type: ignore[name-defined]
            __tablename__ = f"orders_{uuid.uuid4().hex[:10]}"
            id = self.db.Column(self.db.Integer, primary_key=True)
            name = self.db.Column(self.db.String(50))

        self.Order = Order
        self.app.add_url_rule("/", view_func=lambda: repr(self.view()))
        with self.app.app_context():
            Order.__table__.create(self.db.engine)
        self.client = self.app.test_client()
        self.cookie = ""

    @property
    def interface(self) -> Any:
        return self.app.session_interface

    def visit(self, view: Callable[[], Any]) -> Any:
        """The response of one request."""
        self.view = view
        response = self.client.get("/")
        for text in response.headers.getlist("Set-Cookie"):
            self.cookie = text.partition(";")[0].partition("=")[2]
        return response

    def seen(self, view: Callable[[], Any]) -> Any:
        """What one request's view returned."""
        response = self.visit(view)
        assert response.status_code == 200
        return eval(response.text)

    def orders(self) -> list[str]:
        """The orders that are committed."""
        with self.app.app_context():
            return sorted(order.name for order in self.db.session.query(self.Order))

    def rows(self) -> list[Any]:
        """The rows of the table of sessions: id, session_id, data, expiry."""
        with self.app.app_context():
            return list(self.db.session.query(self.interface.sql_session_model).order_by("id"))


@pytest.fixture
def open_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Opens a shop on a database, by its name."""
    shops: list[Shop] = []

    def open_one(database: str, **config: Any) -> Shop:
        shops.append(Shop({**settings_of(database, request, tmp_path), **config}))
        return shops[-1]

    yield open_one
    for shop in shops:
        close(shop.app)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def shop(open_shop: Callable[..., Shop], database: str) -> Shop:
    return open_shop(database)
