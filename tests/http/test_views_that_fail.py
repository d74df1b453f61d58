"""A view that fails with a row in `db.session`, while another request of the same browser goes well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actions import put, see_all
from flask import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from site_under_test import Site

ON_SERVERS = ("sqlalchemy_postgresql", "sqlalchemy_mariadb")
# On SQLite a flush takes the file's only lock for writing, and the other request would wait for it.
EACH = pytest.mark.parametrize(
    ("store", "flush"),
    [
        *((name, False) for name in (*ON_SERVERS, "sqlalchemy_sqlite", "sqlalchemy_memory")),
        *((name, True) for name in ON_SERVERS),
    ],
    indirect=["store"],
)


@EACH
@pytest.mark.parametrize("native", [False, True])
def test_nothing_of_its_row_is_committed_and_both_requests_changes_of_the_session_are(
    open_site: Callable[..., Site], store: dict[str, Any], flush: bool, native: bool
) -> None:
    db = store["SESSION_SQLALCHEMY"]

    class Order(db.Model):  # type: ignore[misc, name-defined]
        __tablename__ = f"orders_{store['SESSION_SQLALCHEMY_TABLE']}"
        id = db.Column(db.Integer, primary_key=True)

    site = open_site(**{**store, "SESSION_NATIVE": native})
    with site.app.app_context():
        Order.__table__.create(db.engine)
    ann = site.browser()
    ann.visit(put(user="ann"))

    def order() -> None:
        session["slow"] = 1
        db.session.add(Order())
        if flush:
            db.session.flush()

    def fail() -> None:
        raise ValueError

    with ann.slow(order, fail) as slow:
        assert ann.visit(put(fast=2)).status == 200
    assert slow.answer.status == 500
    assert ann.visit(see_all).body == repr({"fast": 2, "slow": 1, "user": "ann"})
    with site.app.app_context():
        assert db.session.query(Order).count() == 0
