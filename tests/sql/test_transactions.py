"""The application's own transactions are its own: nothing of a view's work is committed or rolled back."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from flask import session

from databases import ON_SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Shop

FLUSHED = pytest.mark.parametrize("flush", [False, True], ids=["added", "flushed"])


def order(shop: Shop, name: str, flush: bool = True) -> None:
    shop.db.session.add(shop.Order(name=name))
    if flush:
        shop.db.session.flush()


@FLUSHED
@pytest.mark.shows("sql-transactions-are-yours")
def test_a_view_that_adds_a_row_and_raises_commits_nothing(shop: Shop, flush: bool) -> None:
    shop.visit(lambda: session.update(user="ann"))

    def view() -> None:
        session["basket"] = ["pen"]
        order(shop, "pen", flush)
        raise ValueError

    assert shop.visit(view).status_code == 500
    assert shop.orders() == []
    assert shop.seen(lambda: session["user"]) == "ann"


@FLUSHED
def test_work_that_a_view_leaves_uncommitted_stays_uncommitted(shop: Shop, flush: bool) -> None:
    def view() -> None:
        session["basket"] = ["pen"]
        order(shop, "pen", flush)

    assert shop.visit(view).status_code == 200
    assert shop.orders() == []


def test_what_a_view_commits_before_and_after_touching_the_session_is_committed(shop: Shop) -> None:
    def view() -> None:
        order(shop, "pen")
        shop.db.session.commit()
        session["basket"] = ["pen"]
        order(shop, "ink")
        shop.db.session.commit()

    assert shop.visit(view).status_code == 200
    assert shop.orders() == ["ink", "pen"]
    assert shop.seen(lambda: session["basket"]) == ["pen"]


def test_a_row_that_the_view_rolled_back_stays_away_and_the_session_is_kept(shop: Shop) -> None:
    def view() -> None:
        session["basket"] = ["pen"]
        order(shop, "pen")
        shop.db.session.rollback()

    assert shop.visit(view).status_code == 200
    assert shop.orders() == []
    assert shop.seen(lambda: session["basket"]) == ["pen"]


def test_opening_a_session_begins_no_transaction_of_the_application(shop: Shop) -> None:
    shop.visit(lambda: session.update(user="ann"))

    def view() -> bool:
        assert session["user"] == "ann"
        return bool(shop.db.session.registry.has())

    assert shop.seen(view) is False


@pytest.mark.parametrize("database", ON_SERVERS)
def test_a_session_is_written_though_the_views_work_is_rolled_back(
    open_shop: Callable[..., Shop], database: str
) -> None:
    shop = open_shop(database)

    def view() -> None:
        session["failures"] = 1
        order(shop, "pen")
        raise ValueError

    shop.visit(view)
    assert shop.seen(lambda: session["failures"]) == 1


@pytest.fixture
def file_shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop("sqlite_file")


def test_beside_a_write_transaction_of_the_view_the_session_joins_it(
    file_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    file_shop.visit(lambda: session.update(user="ann"))

    def view() -> None:
        session["user"] = "bob"
        order(file_shop, "pen")

    with caplog.at_level(logging.DEBUG, "flask_session"):
        assert file_shop.visit(view).status_code == 200
    (line,) = (record for record in caplog.records if record.name == "flask_session")
    assert line.levelno == logging.DEBUG
    # The view's work was never committed, and the session's change went with it.
    assert file_shop.orders() == []
    assert file_shop.seen(lambda: session["user"]) == "ann"


def test_if_the_application_commits_after_the_session_was_saved_both_are_there(file_shop: Shop) -> None:
    @file_shop.app.teardown_request
    def commit(_: object) -> None:
        file_shop.db.session.commit()

    file_shop.visit(lambda: session.update(user="ann"))

    def view() -> None:
        session["user"] = "bob"
        order(file_shop, "pen")

    assert file_shop.visit(view).status_code == 200
    assert file_shop.orders() == ["pen"]
    assert file_shop.seen(lambda: session["user"]) == "bob"


# One copy of SQLite per process: a second connection in our own would not show what files' locks do.
TRIES_TO_WRITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
for _ in sys.stdin:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        print(error, flush=True)
    else:
        connection.execute("ROLLBACK")
        print("taken", flush=True)
"""


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Another process, which tries to take the write lock of the application's file, and says how it went."""
    command = [sys.executable, "-c", TRIES_TO_WRITE, str(tmp_path / "application.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def tried() -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("try\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield tried
        process.stdin.close()


def test_a_hundred_requests_leave_the_applications_lock_on_its_file_alone(
    file_shop: Shop, stranger: Callable[[], str]
) -> None:
    file_shop.visit(lambda: session.update(user="ann"))
    assert stranger() == "taken"
    with file_shop.app.app_context():
        order(file_shop, "pen")
        for number in range(100):
            file_shop.view = lambda: session["user"]
            client = file_shop.app.test_client(use_cookies=False)
            answer = client.get("/", headers={"Cookie": f"session={file_shop.cookie}"})
            assert answer.text == "'ann'"
            assert stranger() == "database is locked", f"after request {number}"
        file_shop.db.session.commit()
    assert stranger() == "taken"
    assert file_shop.orders() == ["pen"]


def test_another_process_that_holds_the_lock_for_a_while_is_waited_for(
    file_shop: Shop, tmp_path: Path
) -> None:
    file_shop.visit(lambda: session.update(user="ann"))
    stranger = sqlite3.connect(tmp_path / "application.db", isolation_level=None, check_same_thread=False)
    stranger.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.4, lambda: stranger.execute("ROLLBACK"))
    release.start()
    assert file_shop.visit(lambda: session.update(user="bob")).status_code == 200
    release.join()
    stranger.close()
    assert file_shop.seen(lambda: session["user"]) == "bob"


def test_a_pool_that_the_application_has_exhausted_stops_no_session(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(
        "postgresql", SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    )

    def view() -> None:
        order(shop, "pen")
        session["user"] = "ann"

    assert shop.visit(view).status_code == 200
    assert shop.seen(lambda: session["user"]) == "ann"
