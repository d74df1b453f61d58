"""The table: made when it is first needed, or by somebody else; those made by hand work; rows are 0.8.0's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy

from databases import ON_SERVERS, close, uri_of
from flask_session import Session, SessionMisconfigured, SessionTooLarge
from flask_session._core import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Shop
    from started_server import StartedServer


def exists(shop: Shop, name: str | None = None) -> bool:
    with shop.app.app_context():
        return sqlalchemy.inspect(shop.db.engine).has_table(name or shop.interface.table)


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def test_the_table_is_made_when_a_session_first_needs_it(shop: Shop) -> None:
    assert not exists(shop)
    shop.visit(lambda: None)
    assert not exists(shop), "a visitor without a session needs none"
    shop.visit(lambda: session.update(user="ann"))
    assert exists(shop)


def test_a_row_is_what_0_8_0_writes(shop: Shop, database: str) -> None:
    shop.visit(lambda: session.update(user="ann"))
    (row,) = shop.rows()
    assert row.id == 1
    assert row.session_id == f"session:{shop.cookie}"
    assert row.data == b"\x82\xaa_permanent\xc3\xa4user\xa3ann"
    assert isinstance(row.expiry, datetime)
    assert row.expiry.tzinfo is None
    assert abs(row.expiry - now() - timedelta(days=31)) < timedelta(hours=1)
    if database == "sqlite_file":
        with shop.app.app_context():
            text = sqlalchemy.text(f"SELECT expiry FROM {shop.interface.table}")
            (written,) = shop.db.session.execute(text).one()
        assert datetime.strptime(written, "%Y-%m-%d %H:%M:%S.%f") == row.expiry


def test_a_table_that_was_dropped_is_made_again(shop: Shop) -> None:
    shop.visit(lambda: session.update(user="ann"))
    with shop.app.app_context():
        shop.db.drop_all()
        shop.db.session.remove()
    assert shop.seen(lambda: session.get("user")) is None
    shop.visit(lambda: session.update(user="bob"))
    assert shop.seen(lambda: session["user"]) == "bob"


def test_db_create_all_makes_the_table_too(shop: Shop) -> None:
    with shop.app.app_context():
        shop.db.create_all()
    assert exists(shop)
    shop.visit(lambda: session.update(user="ann"))
    assert shop.seen(lambda: session["user"]) == "ann"


def test_where_the_table_is_made_by_somebody_else_it_is_never_made_here(
    open_shop: Callable[..., Shop], database: str
) -> None:
    shop = open_shop(database, SESSION_SQLALCHEMY_TABLE_EXISTS=True, PROPAGATE_EXCEPTIONS=True)
    with pytest.raises(SessionMisconfigured, match="flask session init-db"):
        shop.visit(lambda: session.update(user="ann"))
    assert not exists(shop)
    runner = shop.app.test_cli_runner()
    made = runner.invoke(args=["session", "init-db"])
    assert (made.exit_code, made.output) == (0, "The table of sessions was made.\n")
    made = runner.invoke(args=["session", "init-db"])
    assert (made.exit_code, made.output) == (0, "The table of sessions is there.\n")
    shop.visit(lambda: session.update(user="ann"))
    assert shop.seen(lambda: session["user"]) == "ann"


def test_the_printed_statements_make_the_table(open_shop: Callable[..., Shop], database: str) -> None:
    shop = open_shop(database, SESSION_SQLALCHEMY_TABLE_EXISTS=True)
    printed = shop.app.test_cli_runner().invoke(args=["session", "init-db", "--sql"]).output
    with shop.app.app_context():
        for statement in printed.split(";"):
            if statement.strip():
                shop.db.session.execute(sqlalchemy.text(statement))
        shop.db.session.commit()
    shop.visit(lambda: session.update(user="ann", text="x" * 100_000))
    assert len(shop.seen(lambda: session["text"])) == 100_000
    with shop.app.app_context():
        indexes = sqlalchemy.inspect(shop.db.engine).get_indexes(shop.interface.table)
    assert ["expiry"] in [index["column_names"] for index in indexes]


@pytest.mark.parametrize("database", ["sqlite_file", *ON_SERVERS])
def test_workers_that_start_at_once_make_one_table(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    uri = uri_of(database, request, tmp_path)

    def app() -> Flask:
        made = Flask("worker")
        db = SQLAlchemy()
        made.config.update(
            SQLALCHEMY_DATABASE_URI=uri,
            SESSION_TYPE="sqlalchemy",
            SESSION_SQLALCHEMY=db,
            SESSION_SQLALCHEMY_TABLE="made_at_once" + database,
            SESSION_NATIVE=database.endswith("_native"),
        )
        db.init_app(made)
        Session(made)
        made.add_url_rule("/", view_func=lambda: session.update(a=1) or "")
        return made

    apps = [app() for _ in range(6)]
    with ThreadPoolExecutor(len(apps)) as pool:
        statuses = list(pool.map(lambda app: app.test_client().get("/").status_code, apps))
    for made in apps:
        close(made)
    assert statuses == [200] * len(apps)


BY_HAND = {
    "sqlite_file": "CREATE TABLE {} (id INTEGER PRIMARY KEY NOT NULL, session_id varchar(255), data blob, "
    "expiry timestamp)",
    "sqlite_memory": "CREATE TABLE {} (id INT PRIMARY KEY NOT NULL, session_id varchar(255), data text, "
    "expiry timestamp)",
    "postgresql": "CREATE TABLE {} (id integer PRIMARY KEY NOT NULL, session_id varchar(255), data bytea, "
    "expiry timestamp without time zone)",
    "mariadb": "CREATE TABLE {} (id integer PRIMARY KEY NOT NULL, session_id varchar(255), data blob, "
    "expiry datetime)",
}


def test_a_table_made_by_hand_works(shop: Shop, database: str) -> None:
    with shop.app.app_context():
        shop.db.session.execute(
            sqlalchemy.text(BY_HAND[database.removesuffix("_native")].format(shop.interface.table))
        )
        shop.db.session.commit()
    shop.visit(lambda: session.update(user="ann"))
    shop.visit(lambda: session.update(more=1))
    stranger = shop.app.test_client()
    shop.view = lambda: session.update(user="bob")
    stranger.get("/")
    assert shop.seen(lambda: session["user"]) == "ann"
    assert sorted(row.id for row in shop.rows()) == [1, 2]
    shop.visit(lambda: session.clear())
    assert [row.id for row in shop.rows()] == [2]


@pytest.mark.parametrize("database", ["mariadb", "mariadb_native"])
def test_what_a_small_column_would_cut_off_is_refused(shop: Shop, database: str) -> None:
    shop.app.config["PROPAGATE_EXCEPTIONS"] = True
    with shop.app.app_context():
        shop.db.session.execute(
            sqlalchemy.text(BY_HAND[database.removesuffix("_native")].format(shop.interface.table))
        )
        shop.db.session.commit()
    with pytest.raises(SessionTooLarge, match=r"70023 bytes.*allows 65535"):
        shop.visit(lambda: session.update(text="x" * 70_000))


def test_a_table_may_have_any_name(open_shop: Callable[..., Shop], database: str) -> None:
    name = "表名 of 'sessions'"
    shop = open_shop(database, SESSION_SQLALCHEMY_TABLE=name)
    shop.visit(lambda: session.update(user="ann"))
    assert shop.seen(lambda: session["user"]) == "ann"
    with shop.app.app_context():
        shop.db.drop_all()


def test_a_schema_and_a_sequence(open_shop: Callable[..., Shop], restartable_postgresql: Any) -> None:
    restartable_postgresql.execute(restartable_postgresql.database, "CREATE SCHEMA IF NOT EXISTS web")
    shop = open_shop(
        "postgresql", SESSION_SQLALCHEMY_SCHEMA="web", SESSION_SQLALCHEMY_SEQUENCE="numbers_of_sessions"
    )
    shop.visit(lambda: session.update(user="ann"))
    assert shop.seen(lambda: session["user"]) == "ann"
    found = restartable_postgresql.execute(
        restartable_postgresql.database,
        f"SELECT id, (SELECT last_value FROM numbers_of_sessions) FROM web.{shop.interface.table}",
    )
    assert found == [(1, 1)]


def test_a_bind_key_names_another_database(open_shop: Callable[..., Shop], tmp_path: Path) -> None:
    shop = open_shop(
        "sqlite_file",
        SQLALCHEMY_BINDS={"sessions": f"sqlite:///{tmp_path / 'sessions.db'}"},
        SESSION_SQLALCHEMY_BIND_KEY="sessions",
    )
    shop.visit(lambda: session.update(user="ann"))
    assert shop.seen(lambda: session["user"]) == "ann"
    assert not exists(shop)
    assert len(shop.rows()) == 1


def test_an_unknown_bind_key_is_an_error_that_names_the_setting(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop("sqlite_file", SESSION_SQLALCHEMY_BIND_KEY="nowhere", PROPAGATE_EXCEPTIONS=True)
    with pytest.raises(SessionMisconfigured, match="SESSION_SQLALCHEMY_BIND_KEY"):
        shop.visit(lambda: session.update(user="ann"))


def test_expired_rows_are_absent_and_go_with_a_sweep(shop: Shop) -> None:
    shop.visit(lambda: session.update(user="ann"))
    model = shop.interface.sql_session_model
    with shop.app.app_context():
        for number in range(1203):
            expiry = now() - timedelta(seconds=1 + number)
            shop.db.session.add(model(session_id=f"session:old-{number}", data=b"\x80", expiry=expiry))
        shop.db.session.commit()
    result = shop.app.test_cli_runner().invoke(args=["session_cleanup"])
    assert (result.exit_code, result.output) == (0, "")
    assert len(shop.rows()) == 1
    with shop.app.app_context():
        shop.db.session.query(model).update({"expiry": now() - timedelta(seconds=1)})
        shop.db.session.commit()
    assert shop.seen(lambda: session.get("user")) is None


def test_a_row_without_expiry_is_read(shop: Shop) -> None:
    shop.visit(lambda: session.update(user="ann"))
    with shop.app.app_context():
        shop.db.session.query(shop.interface.sql_session_model).update({"expiry": None})
        shop.db.session.commit()
    assert shop.seen(lambda: session["user"]) == "ann"
    shop.visit(lambda: session.update(more=1))
    assert shop.rows()[0].expiry is not None


def test_requests_sweep_now_and_then(open_shop: Callable[..., Shop], database: str) -> None:
    shop = open_shop(database, SESSION_CLEANUP_N_REQUESTS=1)
    shop.visit(lambda: session.update(user="ann"))
    # No sweep begins while this request's is still at work.
    shop.interface._sweeper.wait(120)
    with shop.app.app_context():
        shop.db.session.query(shop.interface.sql_session_model).update({"expiry": now()})
        shop.db.session.commit()
    shop.view = lambda: None
    shop.app.test_client().get("/")
    shop.interface._sweeper.wait(120)
    assert shop.rows() == []


def test_native_stores_that_start_at_once_make_one_table(postgresql_server: StartedServer) -> None:
    with ThreadPoolExecutor(6) as pool:
        # Seldom do two of them look at the very same moment.
        for number in range(30):
            stores = [Store.open(postgresql_server.url, table=f"at_once_{number}") for _ in range(6)]
            list(pool.map(lambda store: store.put("key", b"payload", 100), stores))
            assert stores[0].get("key") == b"payload"
