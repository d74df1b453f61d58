"""Sessions in PostgreSQL as on Flask-Session's development branch: through a psycopg2 pool, and by a URL."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import flask
import psycopg2
import psycopg2.extras
import pytest
from psycopg2.pool import SimpleConnectionPool, ThreadedConnectionPool

from flask_session import (
    PostgreSqlSessionInterface,
    Session,
    SessionMisconfigured,
    StoreRefused,
    StoreUnreachable,
)
from flask_session._core import Store
from flask_session.postgresql.store import PostgreSqlStore
from redis_server import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from started_server import StartedServer

NUMBERS = itertools.count()
ENTRIES = b"\x82\xaa_permanent\xc3\xa1a\x01"


class Site:
    """An application on one table, without HTTP."""

    def __init__(self, pool: Any, **config: Any) -> None:
        self.app = flask.Flask("postgresql")
        self.app.config.update(SESSION_TYPE="postgresql", SESSION_POSTGRESQL=pool, **config)
        Session(self.app)
        self.interface: Any = self.app.session_interface

    def open(self, sid: str | None) -> Any:
        header = {"HTTP_COOKIE": f"session={sid}"} if sid else {}
        return self.interface.open_session(self.app, self.app.request_class(header))

    def save(self, session: Any) -> flask.Response:
        response = flask.Response()
        self.interface.save_session(self.app, session, response)
        return response

    def new(self, **entries: Any) -> str:
        session = self.open(None)
        session.update(entries)
        self.save(session)
        return session.sid


@pytest.fixture
def ask(postgresql_server: StartedServer) -> Iterator[Callable[..., Any]]:
    """Runs a statement, from outside."""
    connection = psycopg2.connect(postgresql_server.url)
    connection.autocommit = True

    def asked(statement: str, *parameters: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else None

    yield asked
    connection.close()


@pytest.fixture
def pool(postgresql_server: StartedServer) -> Iterator[ThreadedConnectionPool]:
    made = ThreadedConnectionPool(1, 4, postgresql_server.url)
    yield made
    made.closeall()


@pytest.fixture(params=["pool", "url"])
def site(request: pytest.FixtureRequest, postgresql_server: StartedServer) -> Site:
    where = request.getfixturevalue("pool") if request.param == "pool" else postgresql_server.url
    return Site(where, SESSION_POSTGRESQL_TABLE=f"sessions_{next(NUMBERS)}")


def test_a_row_is_that_of_the_development_branch(site: Site, ask: Callable[..., Any]) -> None:
    sid = site.new(a=1)
    table = site.interface._table
    (row,) = ask(f"SELECT session_id, data, expiry - (NOW() AT TIME ZONE 'utc'), created FROM {table}")
    assert row[0] == f"session:{sid}"
    assert bytes(row[1]) == ENTRIES
    assert abs(row[2].total_seconds() - 31 * 24 * 3600) < 60
    assert row[3] is not None
    columns = ask(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_name = %s AND table_schema = 'public' ORDER BY ordinal_position",
        table,
    )
    assert columns == [
        ("session_id", "character varying", "NO"),
        ("created", "timestamp without time zone", "YES"),
        ("data", "bytea", "YES"),
        ("expiry", "timestamp without time zone", "YES"),
    ]
    assert site.open(sid)["a"] == 1
    assert site.interface.guarantee == "merge"
    assert site.interface.ttl is False


def test_a_url_is_native_and_a_pool_is_driven_itself(site: Site) -> None:
    store = site.interface._current_store()
    assert isinstance(store, Store if isinstance(site.interface.pool, str) else PostgreSqlStore)


def test_two_writers_keep_both(site: Site) -> None:
    sid = site.new(text="x" * 10_000)
    one, other = site.open(sid), site.open(sid)
    one["a"], other["b"] = 1, 2
    site.save(one)
    site.save(other)
    found = site.open(sid)
    assert (found["a"], found["b"], len(found["text"])) == (1, 2, 10_000)


def test_a_log_out_is_final(site: Site) -> None:
    sid = site.new(a=1)
    slow, leaving = site.open(sid), site.open(sid)
    slow["b"] = 2
    leaving.clear()
    assert "Set-Cookie" in site.save(leaving).headers
    assert "Set-Cookie" not in site.save(slow).headers
    assert site.open(sid).new


def test_a_session_emptied_by_pop_keeps_what_another_request_added(site: Site) -> None:
    sid = site.new(message="hello")
    one, other = site.open(sid), site.open(sid)
    one.pop("message")
    other["cart"] = [1]
    site.save(other)
    site.save(one)
    assert dict(site.open(sid)) == {"_permanent": True, "cart": [1]}


def test_what_expired_is_absent_and_swept_and_what_never_expires_is_live(
    site: Site, ask: Callable[..., Any]
) -> None:
    table = site.interface._table
    dead, living, endless = site.new(a=1), site.new(a=1), site.new(a=1)
    change = f"UPDATE {table} SET expiry = %s WHERE session_id = %s"
    ask(change, "2001-01-01", f"session:{dead}")
    ask(change, None, f"session:{endless}")
    assert site.open(dead).new
    assert not site.interface._current_store().touch(f"session:{dead}", 100)
    site.interface._delete_expired_sessions()
    assert {row[0] for row in ask(f"SELECT session_id FROM {table}")} == {
        f"session:{living}",
        f"session:{endless}",
    }
    site.interface._touches = None
    assert site.open(endless)["a"] == 1
    assert ask(f"SELECT count(*) FROM {table} WHERE expiry IS NULL") == [(0,)]


def test_an_expired_row_under_a_new_sessions_id_is_replaced(pool: Any, ask: Callable[..., Any]) -> None:
    store = PostgreSqlStore(pool, f"sessions_{next(NUMBERS)}", "public")
    assert store._save("k", b"old", "absent", None, 100)
    assert not store._save("k", b"new", "absent", None, 100)
    ask(f"UPDATE {store._names['{table}']} SET expiry = '2001-01-01'")
    assert store._save("k", b"new", "absent", None, 100)
    assert store.get("k") == b"new"


def test_names_of_table_and_schema_may_have_any_characters(pool: Any, ask: Callable[..., Any]) -> None:
    number = next(NUMBERS)
    site = Site(
        pool,
        SESSION_POSTGRESQL_TABLE=f'表 "100%s" {{here}} {{index}} {number}',
        SESSION_POSTGRESQL_SCHEMA=f"a.b %% {number}",
    )
    sid = site.new(a=1)
    assert site.open(sid)["a"] == 1
    assert ask("SELECT count(*) FROM pg_namespace WHERE nspname = %s", f"a.b %% {number}") == [(1,)]


def test_who_may_not_make_a_table_is_refused_and_who_may_use_it_works(
    pool: Any, ask: Callable[..., Any], postgresql_server: StartedServer
) -> None:
    table = f"sessions_{next(NUMBERS)}"
    ask(f"CREATE ROLE small{table} LOGIN")
    url = postgresql_server.url.replace("postgres@", f"small{table}@")
    small = ThreadedConnectionPool(1, 2, url)
    with pytest.raises(StoreRefused, match="42501"):
        Site(small, SESSION_POSTGRESQL_TABLE=table).new(a=1)
    Site(pool, SESSION_POSTGRESQL_TABLE=table).new(a=1)
    ask(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO small{table}")
    site = Site(small, SESSION_POSTGRESQL_TABLE=table)
    assert site.open(site.new(a=2))["a"] == 2
    small.closeall()


def test_connections_that_the_server_ended_cost_no_error(pool: Any, ask: Callable[..., Any]) -> None:
    site = Site(pool, SESSION_POSTGRESQL_TABLE=f"sessions_{next(NUMBERS)}")
    sid = site.new(a=1)
    for name in "bcd":
        session = site.open(sid)
        assert session["a"] == 1
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        session[name] = 1
        site.save(session)
    assert sorted(site.open(sid)) == ["_permanent", "a", "b", "c", "d"]


def test_a_serializable_application_keeps_both_writers_of_many(postgresql_server: StartedServer) -> None:
    strict = ThreadedConnectionPool(
        1, 4, postgresql_server.url + "?options=-c%20default_transaction_isolation%3Dserializable"
    )
    site = Site(strict, SESSION_POSTGRESQL_TABLE=f"sessions_{next(NUMBERS)}")
    sid = site.new(a=1)
    together = threading.Barrier(4)

    def write(number: int) -> None:
        together.wait(120)
        for turn in range(10):
            session = site.open(sid)
            session[f"{number}-{turn}"] = turn
            site.save(session)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(site.open(sid)) == 2 + 40
    strict.closeall()


def test_more_threads_than_connections_wait_for_one(postgresql_server: StartedServer) -> None:
    asked = threading.Event()

    class Small(ThreadedConnectionPool):
        def getconn(self, *arguments: Any) -> Any:
            asked.set()
            return super().getconn(*arguments)

    small = Small(1, 1, postgresql_server.url)
    site = Site(small, SESSION_POSTGRESQL_TABLE=f"sessions_{next(NUMBERS)}")
    sid = site.new(a=1)
    taken = small.getconn()
    asked.clear()

    def give_back() -> None:
        asked.wait(120)
        small.putconn(taken)

    giving = threading.Thread(target=give_back)
    giving.start()
    assert site.open(sid)["a"] == 1
    giving.join()
    small.closeall()


def test_the_applications_transaction_is_neither_committed_nor_rolled_back(
    pool: Any, ask: Callable[..., Any]
) -> None:
    table = f"orders_{next(NUMBERS)}"
    ask(f"CREATE TABLE {table} (number INTEGER)")
    site = Site(pool, SESSION_POSTGRESQL_TABLE=f"sessions_{next(NUMBERS)}")
    connection = pool.getconn()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} VALUES (1)")
        sid = site.new(a=1)
        assert ask(f"SELECT count(*) FROM {table}") == [(0,)]
    connection.rollback()
    pool.putconn(connection)
    assert ask(f"SELECT count(*) FROM {table}") == [(0,)]
    assert site.open(sid)["a"] == 1


def test_cursors_that_give_dicts_are_understood(postgresql_server: StartedServer) -> None:
    dicts = SimpleConnectionPool(1, 2, postgresql_server.url, cursor_factory=psycopg2.extras.RealDictCursor)
    site = Site(dicts, SESSION_POSTGRESQL_TABLE=f"sessions_{next(NUMBERS)}")
    assert site.open(site.new(a=1))["a"] == 1
    dicts.closeall()


def test_a_server_out_of_reach_is_one_clear_error(pool: Any) -> None:
    class Elsewhere(ThreadedConnectionPool):
        def _connect(self, key: Any = None) -> Any:
            return psycopg2.connect(f"host=127.0.0.1 port={free_port()} user=u password=hunter2")

    site = Site(Elsewhere(0, 1))
    with pytest.raises(StoreUnreachable, match="PostgreSQL can't be reached") as raised:
        site.new(a=1)
    assert "hunter2" not in str(raised.value)


FORKING = """
import os, sys
import flask
from psycopg2.pool import ThreadedConnectionPool
from flask_session import Session

app = flask.Flask("forking")
pool = ThreadedConnectionPool(1, 4, sys.argv[1])
app.config.update(SESSION_TYPE="postgresql", SESSION_POSTGRESQL=pool, SESSION_POSTGRESQL_TABLE=sys.argv[2])
Session(app)
store = app.session_interface._current_store()

def own(number):
    for turn in range(50):
        payload = b"%d of %d" % (turn, number)
        store.put(f"key {number}", payload, 100)
        assert store.get(f"key {number}") == payload, (number, turn)

own(9)
children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        try:
            own(number)
            os._exit(0)
        finally:
            os._exit(1)
    children.append(child)
own(9)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
own(9)
"""


def test_forked_children_see_only_their_own_sessions(postgresql_server: StartedServer) -> None:
    command = [sys.executable, "-c", FORKING, postgresql_server.url, f"sessions_{next(NUMBERS)}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


def test_the_pool_may_be_swapped_while_the_application_runs(
    pool: Any, postgresql_server: StartedServer
) -> None:
    site = Site(pool, SESSION_POSTGRESQL_TABLE=f"sessions_{next(NUMBERS)}")
    sid = site.new(a=1)
    site.interface.pool = postgresql_server.url
    assert isinstance(site.interface._current_store(), Store)
    assert site.open(sid)["a"] == 1


@pytest.mark.parametrize("wrong", [None, 5, object(), ThreadedConnectionPool, "mysql://user:hunter2@h", "h"])
def test_what_is_no_pool_is_an_error_that_names_the_key(wrong: Any) -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_POSTGRESQL") as raised:
        Site(wrong)
    assert "hunter2" not in str(raised.value)


def test_the_constructor_takes_the_development_branchs_arguments_in_its_order(pool: Any) -> None:
    made = PostgreSqlSessionInterface(
        flask.Flask("made"), pool, "p:", True, False, 16, "json", "table", "schema", 9
    )
    assert (made.pool, made.key_prefix, made.use_signer, made.permanent) == (pool, "p:", True, False)
    assert (made.sid_length, made.serializer.codec.format, made.cleanup_n_requests) == (16, "json", 9)
    assert made._current_store()._names["{table}"] == '"schema"."table"'  # type: ignore[attr-defined]
