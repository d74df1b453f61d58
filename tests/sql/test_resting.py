"""SQLite connections that are kept out of their pool between statements keep nothing from anybody."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from flask import session
from sqlalchemy import event, text
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Shop


POOL = {"poolclass": QueuePool, "connect_args": {"check_same_thread": False}}
"""SQLAlchemy's own choice since 2.0."""


@pytest.mark.parametrize(("size", "overflow"), [(1, 0), (2, 1)])
def test_more_threads_than_connections_wait_for_each_other_only(
    open_shop: Callable[..., Shop], size: int, overflow: int
) -> None:
    pool = {**POOL, "pool_size": size, "max_overflow": overflow, "pool_timeout": 30}
    shop = open_shop("sqlite_file", SQLALCHEMY_ENGINE_OPTIONS=pool)
    shop.visit(lambda: session.update(user="ann"))
    store = shop.interface._current_store()
    (key,) = store.keys("")
    failures: list[BaseException] = []

    def read() -> None:
        try:
            with shop.app.app_context():
                assert all(store.get(key) for _ in range(200))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures
    assert not any(thread.is_alive() for thread in threads)


def test_disposing_of_the_engine_closes_what_rests(open_shop: Callable[..., Shop], tmp_path: Path) -> None:
    shop = open_shop("sqlite_file", SQLALCHEMY_ENGINE_OPTIONS=POOL)
    shop.visit(lambda: session.update(user="ann"))
    assert opened(tmp_path)
    with shop.app.app_context():
        shop.db.engine.dispose()
    assert not opened(tmp_path)
    assert shop.seen(lambda: session["user"]) == "ann"


def opened(folder: Path) -> list[str]:
    """The files in `folder` that this process has open."""
    links = (link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return [str(target) for target in links if folder in target.parents]


@pytest.mark.parametrize("name", ["checkout", "checkin"])
def test_who_listens_to_the_pool_hears_of_each_statement(open_shop: Callable[..., Shop], name: str) -> None:
    shop = open_shop("sqlite_file", SQLALCHEMY_ENGINE_OPTIONS=POOL)
    heard: list[Any] = []
    with shop.app.app_context():
        event.listen(shop.db.engine, name, lambda *arguments: heard.append(arguments[0]))
    shop.visit(lambda: session.update(user="ann"))
    heard.clear()
    for _ in range(3):
        assert shop.seen(lambda: session["user"]) == "ann"
    assert len(heard) == 3


def test_an_error_of_the_applications_session_keeps_no_connection(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop("sqlite_file", SQLALCHEMY_ENGINE_OPTIONS={**POOL, "pool_size": 1, "max_overflow": 0})
    shop.visit(lambda: session.update(user="ann"))
    store = shop.interface._current_store()
    (key,) = store.keys("")
    broken = mock.Mock(**{"has.side_effect": ZeroDivisionError})
    with shop.app.app_context(), shop.db.engine.connect() as holder:
        holder.execute(text("BEGIN IMMEDIATE"))
        with (
            mock.patch.object(shop.db.session, "registry", broken),
            pytest.raises(ZeroDivisionError) as raised,
        ):
            store.touch(key, 60)
    assert raised.tb is not None
    with shop.app.app_context():
        assert store.touch(key, 60)
