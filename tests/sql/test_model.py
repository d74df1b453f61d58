"""The interface's attributes, and the model that applications query and register."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

import flask_session.sqlalchemy.sqlalchemy as module
from flask_session import Session, SessionMisconfigured, SqlAlchemySession, SqlAlchemySessionInterface

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Shop


def application(db: Any, **config: Any) -> Flask:
    app = Flask("made")
    app.config.update(
        {
            "SQLALCHEMY_DATABASE_URI": "sqlite://",
            "SESSION_TYPE": "sqlalchemy",
            "SESSION_SQLALCHEMY": db,
            **config,
        }
    )
    db.init_app(app)
    Session(app)
    app.add_url_rule("/", view_func=lambda: str(session.setdefault("count", 1)))
    return app


def test_the_model_is_there_for_queries(shop: Shop) -> None:
    shop.visit(lambda: session.update(user="ann"))
    model = shop.interface.sql_session_model
    with shop.app.app_context():
        assert model.query.filter(model.expiry < datetime(2001, 1, 1)).delete() == 0
        (row,) = shop.db.session.query(model).all()
        assert row.session_id.startswith("session:")
        assert "ann" not in repr(row)


def test_the_attributes_that_people_use(shop: Shop, database: str) -> None:
    interface = shop.interface
    assert interface.client is interface.db is shop.db
    assert interface.session_class is SqlAlchemySession
    assert interface.ttl is False
    assert interface.guarantee == "merge"
    native = database.endswith("_native")
    assert type(interface._current_store()).__name__ == ("Store" if native else "SqlStore")


def test_one_object_serves_several_applications() -> None:
    db = SQLAlchemy()
    apps = [application(db), application(db), application(db, SESSION_SQLALCHEMY_TABLE="others")]
    for app in apps:
        client = app.test_client()
        assert [client.get("/").text, client.get("/").text] == ["1", "1"]
    first, second, third = (app.session_interface.sql_session_model for app in apps)
    assert first is second
    assert third is not first


def test_a_model_of_the_applications_own_for_the_table_is_used() -> None:
    db = SQLAlchemy()

    class Kept(db.Model):  # type: ignore[name-defined]
        __tablename__ = "sessions"
        id = db.Column(db.Integer, primary_key=True)
        session_id = db.Column(db.String(255), unique=True)
        data = db.Column(db.LargeBinary)
        expiry = db.Column(db.DateTime)

    app = application(db)
    assert app.session_interface.sql_session_model is Kept
    assert app.test_client().get("/").text == "1"


def test_create_session_model_may_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    original = module.create_session_model

    def replaced(*args: Any, **kwargs: Any) -> Any:
        asked.append(args)
        return original(*args, **kwargs)

    monkeypatch.setattr(module, "create_session_model", replaced)
    db = SQLAlchemy()
    assert application(db).test_client().get("/").text == "1"
    assert asked == [(db, "sessions", None, None, None)]


DB = SQLAlchemy()


def told(interface: Any) -> tuple[Any, ...]:
    return (
        *(interface.key_prefix, interface.use_signer, interface.permanent, interface.sid_length),
        *(interface.table, interface.sequence, interface.schema, interface.bind_key),
    )


CALLS = {
    "0.8, positional": (
        lambda app: SqlAlchemySessionInterface(
            app, DB, "p:", True, False, 16, "json", "t1", None, None, "b", None
        ),
        ("p:", True, False, 16, "t1", None, None, "b"),
    ),
    "0.8, by keyword": (
        lambda app: SqlAlchemySessionInterface(app=app, client=DB, key_prefix="p:", table="t2", sequence="s"),
        ("p:", False, True, 32, "t2", "s", None, None),
    ),
    "0.8, short": (
        lambda app: SqlAlchemySessionInterface(app, DB, "p:", False),
        ("p:", False, True, 32, "sessions", None, None, None),
    ),
    "0.6, positional": (
        lambda app: SqlAlchemySessionInterface(app, DB, "t3", "s", "c", None, "p:", True, False, 16),
        ("p:", True, False, 16, "t3", "s", "c", None),
    ),
    "0.5, positional": (
        lambda app: SqlAlchemySessionInterface(app, DB, "t4", "p:", True, False),
        ("p:", True, False, 32, "t4", None, None, None),
    ),
    "0.5, short": (
        lambda app: SqlAlchemySessionInterface(app, DB, "t5", "p:"),
        ("p:", False, True, 32, "t5", None, None, None),
    ),
    "0.5, by keyword": (
        lambda app: SqlAlchemySessionInterface(app, db=DB, table="t6", key_prefix="p:"),
        ("p:", False, True, 32, "t6", None, None, None),
    ),
    "0.5, mixed": (
        lambda app: SqlAlchemySessionInterface(app, DB, "t7", key_prefix="p:"),
        ("p:", False, True, 32, "t7", None, None, None),
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_each_generation_of_constructors(call: str) -> None:
    made, expected = CALLS[call]
    interface = made(Flask("constructed"))
    assert interface.client is DB
    assert told(interface) == expected


def test_without_an_object_the_registered_one_is_used() -> None:
    app = Flask("registered")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    app.config["SESSION_TYPE"] = "sqlalchemy"
    Session(app)
    assert app.session_interface.client is db  # type: ignore[attr-defined]


def test_without_any_object_one_is_made_with_the_warning_that_people_filter() -> None:
    app = Flask("alone")
    app.config.update(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SQLALCHEMY_TRACK_MODIFICATIONS=False,
        SESSION_TYPE="sqlalchemy",
    )
    with pytest.warns(RuntimeWarning, match="No valid SQLAlchemy instance provided"):
        Session(app)
    app.add_url_rule("/", view_func=lambda: str(session.setdefault("count", 1)))
    assert app.test_client().get("/").text == "1"


def test_what_is_not_such_an_object_is_an_error_and_no_other_database() -> None:
    app = Flask("wrong")
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=SQLAlchemy)
    with pytest.raises(SessionMisconfigured, match="SESSION_SQLALCHEMY must be"):
        Session(app)


@pytest.mark.parametrize("url", ["nonsense://user:secret@host/x", "not a url secret", "postgresql://[secret"])
def test_a_wrong_url_is_an_error_that_quotes_no_password(url: str) -> None:
    app = Flask("wrong")
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=url)
    with pytest.raises(SessionMisconfigured) as caught:
        Session(app)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("database", ["sqlite", "sqlite_memory", "postgresql", "mariadb"])
def test_a_url_through_sqlalchemy_needs_no_object(
    database: str, request: pytest.FixtureRequest, tmp_path: Any
) -> None:
    from databases import uri_of

    app = Flask("url")
    uri = uri_of("sqlite_file" if database == "sqlite" else database, request, tmp_path)
    app.config.update(
        SESSION_TYPE="sqlalchemy",
        SESSION_SQLALCHEMY=uri,
        SESSION_SQLALCHEMY_TABLE="by_url",
        SESSION_NATIVE=False,
    )
    Session(app)
    app.add_url_rule("/<int:number>", view_func=lambda number: str(session.setdefault("count", number)))
    client = app.test_client()
    assert [client.get("/1").text, client.get("/2").text] == ["1", "1"]
    for opened in app.session_interface._store._opened.values():  # type: ignore[attr-defined]
        opened.engine.dispose()


def test_a_postgresql_url_is_served_natively(restartable_postgresql: Any) -> None:
    app = Flask("native")
    app.config.update(
        SESSION_TYPE="sqlalchemy",
        SESSION_SQLALCHEMY=restartable_postgresql.url(restartable_postgresql.database),
        SESSION_SQLALCHEMY_TABLE="natively",
    )
    Session(app)
    assert app.session_interface._current_store().name == "postgresql"  # type: ignore[attr-defined]
    app.add_url_rule("/<int:number>", view_func=lambda number: str(session.setdefault("count", number)))
    client = app.test_client()
    assert [client.get("/1").text, client.get("/2").text] == ["1", "1"]
    (data,) = restartable_postgresql.execute(restartable_postgresql.database, "SELECT data FROM natively")[0]
    assert bytes(data) == b"\x82\xaa_permanent\xc3\xa5count\x01"


@pytest.mark.parametrize("database", ["sqlite_file", "postgresql"])
def test_replaced_hooks_are_called(open_shop: Callable[..., Shop], database: str) -> None:
    shop = open_shop(database)
    retrieved = []
    original = shop.interface._retrieve_session_data

    def retrieve(store_id: str) -> Any:
        retrieved.append(store_id)
        return original(store_id)

    shop.interface._retrieve_session_data = retrieve
    shop.visit(lambda: session.update(user="ann"))
    assert shop.seen(lambda: session["user"]) == "ann"
    assert len(retrieved) == 1


def test_errors_quote_no_key_and_no_payload(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    # Not written as it is anywhere in the source: tracebacks show that.
    secret = "".join(("confi", "dential"))
    shop.visit(lambda: session.update(user=secret))
    with shop.app.app_context():
        shop.db.session.execute(
            sqlalchemy.text(f"ALTER TABLE {shop.interface.table} RENAME COLUMN data TO gone")
        )
        shop.db.session.commit()
    assert shop.visit(lambda: session.update(user=secret)).status_code == 500
    assert shop.cookie
    assert shop.cookie not in caplog.text
    assert secret not in caplog.text


@pytest.mark.parametrize("database", ["postgresql", "postgresql_native"])
def test_disposing_the_engine_closes_our_connections_too(
    open_shop: Callable[..., Shop], database: str, restartable_postgresql: Any
) -> None:
    shop = open_shop(database, SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"application_name": "counted"}})
    shop.visit(lambda: session.update(user="ann"))
    with shop.app.app_context():
        shop.db.engine.dispose()
    shop.visit(lambda: session.update(user="ann"))
    counted = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'"
    assert restartable_postgresql.execute("", counted)[0][0] >= 1
    with shop.app.app_context():
        shop.db.engine.dispose()
    # The server takes a moment to notice.
    until = time.monotonic() + 60
    while restartable_postgresql.execute("", counted)[0][0] and time.monotonic() < until:
        time.sleep(0.01)
    assert restartable_postgresql.execute("", counted)[0][0] == 0
    assert shop.seen(lambda: session["user"]) == "ann"


def test_a_file_that_the_application_opens_itself_is_not_opened_a_second_time_by_another_sqlite(
    tmp_path: Any,
) -> None:
    stores = []
    for file in ("shared.db", "apart.db"):
        app = Flask("url")
        app.config.update(
            SQLALCHEMY_DATABASE_URI="sqlite:///shared.db",
            SESSION_TYPE="sqlalchemy",
            SESSION_SQLALCHEMY=f"sqlite:///{tmp_path}/{file}",
        )
        Session(app)
        stores.append(app.session_interface._current_store().name)  # type: ignore[attr-defined]
    assert stores == ["sqlalchemy", "sqlite"]
