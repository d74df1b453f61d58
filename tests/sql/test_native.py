"""Native connections in place of the engine's: what is translated, what is not, and that it works."""

from __future__ import annotations

import functools
import logging
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from databases import close
from flask_session import Session, SessionMisconfigured
from flask_session._core import Store
from flask_session.sqlalchemy.drivers import READERS, Unknown
from flask_session.sqlalchemy.table import table_alone
from flask_session.sqlalchemy.translate import translate
from flask_session.translation import Native, Untranslatable

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Shop
    from database_servers import DatabaseServer
    from started_server import StartedServer

TABLE = table_alone("sessions", None, None)
ODD = "p@:/?#[]%25 +&=;ä'\"\\"
"""A password with everything that means something in a URL."""
NAME = {"username": "u"}
WORD = {"username": "u", "password": "p"}


def given(url: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """A driver, and what SQLAlchemy hands to it."""
    parsed = sqlalchemy.engine.make_url(url)
    dialect = parsed.get_dialect()()
    _, options = dialect.create_connect_args(parsed)
    return dialect.driver, {**options, **arguments}


PG = "postgresql+psycopg2://u:p@h/d"
MY = "mysql+pymysql://u:p@h/d"
CHECKED = {"ca_file": "/ca", "verify": True}
TRANSLATED: dict[str, tuple[tuple[str, dict[str, Any]], str, dict[str, Any]]] = {
    "psycopg2": (given(f"{PG}?client_encoding=utf8"), "postgresql://h/d?sslmode=prefer", WORD),
    "pg8000": (given("postgresql+pg8000://u:p@h:6/d"), "postgresql://h:6/d?sslmode=prefer", WORD),
    "pg8000, encrypted": (
        given("postgresql+pg8000://u:p@h/d", ssl_context=True, timeout=3),
        "postgresql://h/d?sslmode=require",
        {**WORD, "timeout": 3.0, "connect_timeout": 3.0},
    ),
    "pg8000, a socket": (
        given("postgresql+pg8000://u@/d", unix_sock="/run/pg/.s.PGSQL.5433"),
        "postgresql://localhost:5433/d?host=%2Frun%2Fpg",
        NAME,
    ),
    "an odd password": (
        given(sqlalchemy.engine.URL.create("postgresql+psycopg2", "u@", ODD, "::1", 1, "a/b")),  # type: ignore[arg-type]
        "postgresql://[::1]:1/a%2Fb?sslmode=prefer",
        {"username": "u@", "password": ODD},
    ),
    "libpq's arguments": (
        given(f"{PG}?application_name=a b&connect_timeout=3", options="-c search_path=x", keepalives=1),
        "postgresql://h/d?application_name=a%20b&options=-c%20search_path%3Dx&sslmode=prefer",
        {**WORD, "connect_timeout": 3.0},
    ),
    "a folder of sockets": (
        given("postgresql+psycopg2://u@/d?host=/run/pg"),
        "postgresql://localhost/d?host=%2Frun%2Fpg",
        NAME,
    ),
    "libpq's authorities": (
        given(PG, sslmode="verify-full", sslrootcert="/ca"),
        "postgresql://h/d?sslmode=verify-full",
        {**WORD, **CHECKED, "verify_hostname": True},
    ),
    "libpq's authorities, any name": (
        given(PG, sslmode="require", sslrootcert="/ca", sslcert="/c", sslkey="/k"),
        "postgresql://h/d?sslmode=verify-ca",
        {**WORD, **CHECKED, "verify_hostname": False, "cert_file": "/c", "key_file": "/k"},
    ),
    "PyMySQL": (
        given(f"{MY}?charset=utf8mb4", connect_timeout=4, read_timeout=7),
        "mysql://h/d?ssl_mode=PREFERRED",
        {**WORD, "connect_timeout": 4.0, "timeout": 7.0},
    ),
    "PyMySQL, a socket": (
        given("mysql+pymysql://u@/d?unix_socket=/run/my sql"),
        "mysql://localhost/d?unix_socket=%2Frun%2Fmy%20sql",
        NAME,
    ),
    "PyMySQL, not encrypted": (given(MY, ssl_disabled=True), "mysql://h/d?ssl_mode=DISABLED", WORD),
    "PyMySQL, by URL": (
        given(f"{MY}?ssl_ca=/ca&ssl_check_hostname=false"),
        "mysql://h/d",
        {**WORD, **CHECKED, "verify_hostname": False},
    ),
    "PyMySQL, by dict": (
        given(MY, ssl={"ca": "/ca"}),
        "mysql://h/d",
        {**WORD, **CHECKED, "verify_hostname": True},
    ),
    "PyMySQL, encrypted for anybody": (
        given(MY, ssl={"any": True}),
        "mysql://h/d",
        {**WORD, "verify": False, "verify_hostname": False},
    ),
    "PyMySQL, by arguments": (
        given(MY, ssl_ca="/ca", ssl_verify_cert=True, ssl_verify_identity=True),
        "mysql://h/d",
        {**WORD, **CHECKED, "verify_hostname": True},
    ),
    "MariaDB's dialect": (given("mariadb+pymysql://u:p@h/d"), "mysql://h/d?ssl_mode=PREFERRED", WORD),
    "mysqlclient": (
        given("mysql+mysqldb://u:p@h:3/d?ssl_ca=/ca", ssl_mode="VERIFY_IDENTITY"),
        "mysql://h:3/d",
        {**WORD, **CHECKED, "verify_hostname": True},
    ),
    "mysql-connector-python": (
        given("mysql+mysqlconnector://u:p@h/d?ssl_ca=/ca", ssl_verify_cert=True),
        "mysql://h/d",
        {**WORD, **CHECKED, "verify_hostname": False},
    ),
    "mysql-connector-python, unencrypted": (
        given("mysql+mysqlconnector://u:p@h/d", ssl_disabled=True, connection_timeout=2),
        "mysql://h/d?ssl_mode=DISABLED",
        {**WORD, "connect_timeout": 2.0},
    ),
}


@pytest.mark.parametrize("case", TRANSLATED)
def test_a_drivers_arguments_are_translated(case: str) -> None:
    (driver, arguments), url, options = TRANSLATED[case]
    assert READERS[driver](arguments) == Native(url, options)
    if "ca_file" in options:
        # All that it misses.
        with pytest.raises(SessionMisconfigured, match="/ca can't be read as PEM"):
            Store.open(url, **options)
    else:
        assert Store.open(url, **options).guarantee == "merge"


NOT_UNDERSTOOD = {
    "host": given("postgresql+psycopg2://u:p@/d"),
    "user": given("postgresql+psycopg2://h/d"),
    "several": given(f"{PG}?host=a:1&host=b:2"),
    "service": given(PG, service="shop"),
    "target_session_attrs": given(PG, target_session_attrs="read-write"),
    "channel_binding": given(PG, channel_binding="require"),
    "sslrootcert": given(PG, sslmode="verify-full"),
    "sslcrl": given(PG, sslcrl="/crl"),
    "prepares": ("psycopg", given(PG)[1] | {"prepare_threshold": None}),
    "ssl_context": given("postgresql+pg8000://u:p@h/d", ssl_context=ssl.create_default_context()),
    "password": given(MY, password=lambda: "made"),
    "encoding": given("mysql+pymysql://u:ä@h/d"),
    "database": given("mysql+pymysql://u:p@h"),
    "init_command": given(MY, init_command="SET sql_mode=''"),
    "read_default_file": given(f"{MY}?read_default_file=/etc/my.cnf"),
    "ssl": given(MY, ssl=ssl.create_default_context()),
    "authorities": given(MY, ssl_verify_cert=True),
    "socket": given("mysql+mysqldb://u:p@localhost/d"),
}


@pytest.mark.parametrize("case", NOT_UNDERSTOOD)
def test_what_is_not_understood_completely_is_not_translated(case: str) -> None:
    driver, arguments = NOT_UNDERSTOOD[case]
    with pytest.raises(Unknown, match=case):
        READERS[driver](arguments)


@pytest.mark.parametrize(
    ("variable", "value"), [("PGSSLMODE", "verify-full"), ("PGOPTIONS", "-c x=y"), ("PGSERVICE", "shop")]
)
def test_what_libpq_reads_elsewhere_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    driver, arguments = given(PG)
    with pytest.raises(Unknown, match=variable):
        READERS[driver](arguments)


def listening(name: str, **options: Any) -> Callable[[Any], Any]:
    return lambda engine: event.listen(engine, name, lambda *_: None, **options)


def wrapped(monkeypatch: pytest.MonkeyPatch, thing: Any, name: str) -> None:
    original = getattr(thing, name)
    monkeypatch.setattr(thing, name, functools.wraps(original)(lambda *a, **k: original(*a, **k)))


ENGINES: dict[str, tuple[str, dict[str, Any], Callable[[Any], Any] | None]] = {
    "function of the application": (PG, {"creator": lambda: None}, None),
    "NullPool": (PG, {"poolclass": sqlalchemy.pool.NullPool}, None),
    "StaticPool": (PG, {"poolclass": sqlalchemy.pool.StaticPool}, None),
    "event connect": (PG, {}, listening("connect")),
    "event checkout": (MY, {}, listening("checkout")),
    "event do_connect": (MY, {}, listening("do_connect")),
    "event first_connect": (MY, {}, listening("first_connect")),
    "event before_cursor_execute": (PG, {}, listening("before_cursor_execute")),
    "event begin": (MY, {}, listening("begin")),
    "schemas": (PG, {"execution_options": {"schema_translate_map": {None: "x"}}}, None),
    "sqlite3": ("sqlite://", {}, None),
}


@pytest.mark.parametrize("reason", ENGINES)
def test_an_engine_that_does_more_is_used_itself(reason: str) -> None:
    url, options, prepare = ENGINES[reason]
    engine = sqlalchemy.create_engine(url, **options)
    if prepare is not None:
        assert isinstance(translate(engine, TABLE), Native)
        prepare(engine)
    found = translate(engine, TABLE)
    assert isinstance(found, Untranslatable)
    assert reason in found.reason


def test_a_listener_of_one_call_is_found_among_sqlalchemys_own() -> None:
    engine = sqlalchemy.create_engine(PG)
    listening("connect", once=True)(engine)
    assert isinstance(translate(engine, TABLE), Untranslatable)


@pytest.mark.parametrize("name", ["connect", "raw_connection"])
def test_a_replaced_function_is_found_on_the_engine_and_on_its_class(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = sqlalchemy.create_engine(PG)
    with monkeypatch.context() as patch:
        wrapped(patch, engine, name)
        assert isinstance(translate(engine, TABLE), Untranslatable)
    assert isinstance(translate(engine, TABLE), Native)
    wrapped(monkeypatch, sqlalchemy.engine.Engine, name)
    assert isinstance(translate(engine, TABLE), Untranslatable)


def test_a_replaced_function_of_the_driver_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg2

    engine = sqlalchemy.create_engine(PG)
    wrapped(monkeypatch, psycopg2, "connect")
    found = translate(engine, TABLE)
    assert isinstance(found, Untranslatable)
    assert "psycopg2.connect" in found.reason


def test_a_table_with_columns_of_its_own_is_left_to_sqlalchemy() -> None:
    columns = [sqlalchemy.Column(name, sqlalchemy.Integer) for name in ("id", "session_id", "data", "expiry")]
    more = sqlalchemy.Table("more", sqlalchemy.MetaData(), *columns, sqlalchemy.Column("tenant"))
    assert isinstance(translate(sqlalchemy.create_engine(PG), more), Untranslatable)


def test_one_line_says_which_way_is_taken(
    open_shop: Callable[..., Shop], database: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "flask_session"):
        shop = open_shop(database, SESSION_NATIVE=True)
        for _ in range(3):
            shop.visit(lambda: session.update(user="ann"))
    (line,) = (record.getMessage() for record in caplog.records if record.name == "flask_session")
    assert ("native" in line) is not database.startswith("sqlite")
    assert "secret" not in line
    assert shop.interface.guarantee == "merge"
    assert isinstance(shop.interface._current_store(), Store) is not database.startswith("sqlite")


def test_who_listens_to_the_engine_before_the_first_request_is_heard(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop("postgresql_native")
    heard = []
    with shop.app.app_context():
        event.listen(shop.db.engine, "connect", lambda *_: heard.append(1))
    shop.visit(lambda: session.update(user="ann"))
    assert heard
    assert not isinstance(shop.interface._current_store(), Store)


@pytest.mark.parametrize("whole_class", [False, True], ids=["one engine", "all engines"])
@pytest.mark.parametrize("database", ["postgresql", "postgresql_native"])
def test_who_listens_to_statements_hears_each_once(
    database: str, whole_class: bool, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(database)
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if shop.interface.sql_session_model.__tablename__ in statement and "CREATE" not in statement:
            heard.append(statement.split()[0])

    with shop.app.app_context():
        engine = shop.db.engine
    watched = sqlalchemy.engine.Engine if whole_class else engine
    event.listen(watched, "before_cursor_execute", hear)
    try:
        shop.visit(lambda: session.update(user="ann"))
        heard.clear()
        shop.visit(lambda: session.update(user="bob"))
    finally:
        event.remove(watched, "before_cursor_execute", hear)
    assert heard == ["SELECT", "UPDATE"]


def test_disposing_of_the_engine_is_heard_once(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop("postgresql")
    heard = []
    with shop.app.app_context():
        event.listen(shop.db.engine, "engine_disposed", heard.append)
    shop.visit(lambda: session.update(user="ann"))
    with shop.app.app_context():
        shop.db.engine.dispose()
        assert heard == [shop.db.engine]
    assert shop.seen(lambda: session["user"]) == "ann"


DRIVERS = ["psycopg2", "pg8000", "pymysql", "mysqlconnector"]
if sqlalchemy.__version__.startswith("2"):
    DRIVERS.append("psycopg")


@pytest.mark.parametrize("driver", DRIVERS)
def test_an_odd_password_over_tls_with_an_authority_of_ones_own(
    driver: str, request: pytest.FixtureRequest
) -> None:
    postgresql = driver in ("psycopg2", "psycopg", "pg8000")
    server: DatabaseServer = request.getfixturevalue(
        "restartable_postgresql" if postgresql else "mariadb_server"
    )
    password = ODD if postgresql else ODD.replace("ä", "")
    authority: dict[str, Any] = {
        "psycopg2": {"sslmode": "verify-full", "sslrootcert": server.authority},
        "psycopg": {"sslmode": "verify-full", "sslrootcert": server.authority},
        # It takes nothing but an SSLContext, into which nobody can look.
        "pg8000": {"ssl_context": True},
        "pymysql": {"ssl": {"ca": server.authority}},
        "mysqlconnector": {"ssl_ca": server.authority, "ssl_verify_cert": True},
    }[driver]
    dialect, user = server.scheme.partition("+")[0], only_encrypted(server, password)
    place = f"localhost:{server.port}/{server.database}"
    url = f"{dialect}+{driver}://{user}:{quote(password, safe='')}@{place}"
    app = site(url, authority, f"tls_{driver}")
    client = app.test_client()
    assert [client.get("/1").text, client.get("/2").text] == ["1", "1"]
    assert isinstance(app.session_interface._current_store(), Store)  # type: ignore[attr-defined]
    assert len(server.execute(server.database, f"SELECT id FROM tls_{driver}")) == 1
    # The application's own engine takes the very same arguments.
    with app.app_context(), app.config["SESSION_SQLALCHEMY"].engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
    close(app)


def test_a_stranger_with_a_certificate_of_another_authority_gets_no_session(
    restartable_postgresql: DatabaseServer, mariadb_server: DatabaseServer
) -> None:
    for server, wrong in (
        (restartable_postgresql, {"sslmode": "verify-full", "sslrootcert": mariadb_server.authority}),
        (mariadb_server, {"ssl": {"ca": restartable_postgresql.authority}}),
    ):
        app = site(server.url(server.database), wrong, "strangers")
        app.config["PROPAGATE_EXCEPTIONS"] = True
        with pytest.raises(Exception, match="certificate isn't accepted"):
            app.test_client().get("/1")
        close(app)


@pytest.mark.parametrize("encrypts", [True, False])
def test_where_mysql_is_told_nothing_it_encrypts_if_the_server_can(
    encrypts: bool, mariadb_server: DatabaseServer, mysql_server: StartedServer
) -> None:
    if encrypts:
        server = mariadb_server
        user = only_encrypted(server, "secret")
        url = server.url(server.database).replace("//sessions:", f"//{user}:")
    else:
        url = mysql_server.url.replace("mysql:", "mysql+pymysql:")
    app = site(url, {}, "preferring")
    client = app.test_client()
    assert [client.get("/1").text, client.get("/2").text] == ["1", "1"]
    assert isinstance(app.session_interface._current_store(), Store)  # type: ignore[attr-defined]
    close(app)


@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_over_a_unix_socket(database: str, request: pytest.FixtureRequest) -> None:
    server: DatabaseServer = request.getfixturevalue(
        {"postgresql": "restartable_postgresql", "mariadb": "mariadb_server"}[database]
    )
    if database == "postgresql":
        place = {"host": str(server.folder), "port": str(server.port)}
    else:
        place = {"unix_socket": str(server.folder / "socket")}
        server.execute("", "CREATE OR REPLACE USER sessions@localhost IDENTIFIED BY 'secret'")
        server.execute("", "GRANT ALL ON *.* TO sessions@localhost")
    url = f"{server.scheme}://sessions:secret@/{server.database}?{urlencode(place)}"
    app = site(url, {}, "over_a_socket")
    client = app.test_client()
    assert [client.get("/1").text, client.get("/2").text] == ["1", "1"]
    assert isinstance(app.session_interface._current_store(), Store)  # type: ignore[attr-defined]
    close(app)


def test_a_bind_key_leads_to_another_server(
    open_shop: Callable[..., Shop], restartable_postgresql: DatabaseServer
) -> None:
    shop = open_shop(
        "sqlite_file",
        SQLALCHEMY_BINDS={"sessions": restartable_postgresql.url(restartable_postgresql.database)},
        SESSION_SQLALCHEMY_BIND_KEY="sessions",
        SESSION_NATIVE=True,
    )
    shop.visit(lambda: session.update(user="ann"))
    assert isinstance(shop.interface._current_store(), Store)
    assert len(shop.rows()) == 1


def only_encrypted(server: DatabaseServer, password: str) -> str:
    """A user whom the server lets in over TLS alone."""
    name = "only_encrypted"
    quoted = password.replace("'", "''")
    if server.scheme.startswith("postgresql"):
        server.execute("", f"ALTER ROLE {name} PASSWORD '{quoted}'")
    else:
        quoted = quoted.replace("\\", "\\\\")
        server.execute(
            "",
            f"CREATE OR REPLACE USER {name}@'127.0.0.1' IDENTIFIED BY '{quoted}' REQUIRE SSL",
            f"GRANT ALL ON *.* TO {name}@'127.0.0.1'",
        )
    return name


def site(url: str, connect_args: dict[str, Any], table: str) -> Flask:
    app = Flask("site")
    db = SQLAlchemy()
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": connect_args},
        SESSION_TYPE="sqlalchemy",
        SESSION_SQLALCHEMY=db,
        SESSION_SQLALCHEMY_TABLE=table,
    )
    db.init_app(app)
    Session(app)
    app.add_url_rule("/<int:number>", view_func=lambda number: str(session.setdefault("count", number)))
    return app
