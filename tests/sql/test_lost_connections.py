"""A server that restarts, and connections that it closed, cost a new connection and no session."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from flask import session

from databases import ON_SERVERS, server_of
from flask_session import StoreUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Shop

EACH_WAY = pytest.mark.parametrize("database", ON_SERVERS)


def cut(server: Any) -> None:
    """Has the server close every connection but this one."""
    if server.scheme.startswith("postgresql"):
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        server.execute("", others + "AND backend_type = 'client backend'")
        return
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'sessions'")
        for (number,) in cursor.fetchall():
            if number != connection.thread_id():
                cursor.execute(f"KILL {number}")
    connection.close()


@EACH_WAY
def test_connections_that_the_server_closed_are_made_anew(
    open_shop: Callable[..., Shop], database: str, request: pytest.FixtureRequest
) -> None:
    server = server_of(database, request)
    shop = open_shop(database)
    shop.visit(lambda: session.update(user="ann"))
    for number in range(3):
        cut(server)
        assert shop.seen(lambda: session["user"]) == "ann"
        cut(server)
        assert shop.visit(lambda number=number: session.update(number=number)).status_code == 200
    assert shop.seen(lambda: (session["user"], session["number"])) == ("ann", 2)


@EACH_WAY
def test_a_connection_that_is_cut_while_a_session_is_written_loses_nothing(
    open_shop: Callable[..., Shop], database: str, request: pytest.FixtureRequest
) -> None:
    server = server_of(database, request)
    shop = open_shop(database)
    shop.visit(lambda: session.update(user="ann"))

    def view() -> None:
        session["more"] = len(session)
        # The connection on which the session will be written is closed by the server now.
        cut(server)

    assert shop.visit(view).status_code == 200
    assert shop.seen(lambda: (session["user"], session["more"])) == ("ann", 2)


@EACH_WAY
def test_a_server_that_restarts_empties_no_session(
    open_shop: Callable[..., Shop], database: str, request: pytest.FixtureRequest
) -> None:
    server = server_of(database, request)
    shop = open_shop(database, PROPAGATE_EXCEPTIONS=True)
    shop.visit(lambda: session.update(user="ann"))
    server.stop()
    try:
        with pytest.raises(StoreUnreachable):
            shop.visit(lambda: session["user"])
    finally:
        server.start()
    assert shop.seen(lambda: session["user"]) == "ann"


@EACH_WAY
def test_a_forked_child_makes_connections_of_its_own(open_shop: Callable[..., Shop], database: str) -> None:
    shop = open_shop(database)
    shop.visit(lambda: session.update(user="ann"))
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for _ in range(5):
                    assert shop.seen(lambda: session["user"]) == "ann"
                    shop.visit(lambda number=number: session.update({f"child-{number}": True}))
                status = 0
            finally:
                # Without the parent's clean-up.
                os.kill(os.getpid(), signal.SIGKILL) if status else os._exit(0)
        children.append(child)
    for _ in range(5):
        assert shop.seen(lambda: session["user"]) == "ann"
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    expected = ["_permanent", "child-0", "child-1", "child-2", "user"]
    assert shop.seen(lambda: sorted(session)) == expected
