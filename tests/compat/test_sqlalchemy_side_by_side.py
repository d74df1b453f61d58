"""Flask-Session 0.8.0 and we share one table of a database, in both directions, and nobody is logged out."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy

from compat.conftest import interpreter
from databases import uri_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROBE = """
import json, sys
from flask import Flask, session
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy

def answer(uri, config, cookie, deed, look):
    app = Flask("shared")
    db = SQLAlchemy()
    app.config.update(config, SQLALCHEMY_DATABASE_URI=uri, SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=db)
    db.init_app(app)
    Session(app)

    @app.get("/")
    def view():
        exec(deed)
        return repr(eval(look))

    headers = {"Cookie": f"session={cookie}"} if cookie else {}
    response = app.test_client(use_cookies=False).get("/", headers=headers)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    cookies = response.headers.getlist("Set-Cookie")
    sent = cookies[-1].partition(";")[0].partition("=")[2] if cookies else cookie
    return [response.status_code, response.text, sent]

for line in sys.stdin:
    print(json.dumps(answer(*json.loads(line))), flush=True)
"""
SIGNED = {"SESSION_USE_SIGNER": True, "SECRET_KEY": "a secret"}
JSON = {"SESSION_SERIALIZATION_FORMAT": "json"}


Runners = dict[str, subprocess.Popen[str]]


@pytest.fixture(scope="module")
def runners() -> Iterator[Runners]:
    """A process with each release."""
    started = {
        release: subprocess.Popen(
            [interpreter(release), "-W", "ignore", "-c", PROBE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for release in ("0.8.0", "ours")
    }
    yield started
    for runner in started.values():
        runner.communicate("", timeout=120)


class Conversation:
    """One browser, whose requests are answered by one release or the other."""

    def __init__(self, runners: Runners, uri: str, config: dict[str, Any]) -> None:
        self.runners = runners
        self.uri, self.config = uri, {"SESSION_SQLALCHEMY_TABLE": "side_by_side", **config}
        self.cookie: str | None = None
        self.engine = sqlalchemy.create_engine(uri)

    def ask(self, release: str, deed: str, look: str = "None") -> str:
        runner = self.runners[release]
        assert runner.stdin is not None
        assert runner.stdout is not None
        runner.stdin.write(json.dumps([self.uri, self.config, self.cookie, deed, look]) + "\n")
        runner.stdin.flush()
        status, body, self.cookie = json.loads(runner.stdout.readline())
        assert status == 200, body
        return body

    def rows(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sqlalchemy.text("SELECT * FROM side_by_side ORDER BY id")))

    def remove(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.text("DROP TABLE IF EXISTS side_by_side"))
        self.engine.dispose()


@pytest.fixture(params=["sqlite_file", "postgresql", "mariadb"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return uri_of(request.param, request, tmp_path)


@pytest.fixture(params=[{}, SIGNED, JSON], ids=["msgpack", "signed", "json"])
def conversation(request: pytest.FixtureRequest, runners: Runners, uri: str) -> Iterator[Conversation]:
    made = Conversation(runners, uri, request.param)
    yield made
    made.remove()


def test_a_session_goes_back_and_forth_without_a_log_out(conversation: Conversation) -> None:
    conversation.ask("0.8.0", 'session["user"] = "ann"; session["cart"] = [{"pen": 1}]')
    first = conversation.cookie
    assert conversation.ask("ours", 'session["cart"].append({"ink": 2})', 'session["user"]') == "'ann'"
    assert conversation.ask("0.8.0", 'session["count"] = 1', 'session["cart"]') == "[{'pen': 1}, {'ink': 2}]"
    seen = conversation.ask("ours", 'session.pop("cart")', "sorted(session.items())")
    assert seen == "[('_permanent', True), ('count', 1), ('user', 'ann')]"
    assert conversation.ask("0.8.0", "", "sorted(session.items())") == seen
    assert conversation.cookie == first
    assert len(conversation.rows()) == 1
    conversation.ask("ours", "session.clear()")
    assert conversation.rows() == []


def test_the_rows_are_equal(conversation: Conversation) -> None:
    deed = 'session.update(user="ann", number=2**40, list=[1, 2.5, None], text="größe")'
    told = []
    for release in ("0.8.0", "ours"):
        conversation.cookie = None
        conversation.ask(release, deed)
        told.append(conversation.rows()[-1])
    theirs, ours = told
    assert theirs._fields == ours._fields
    assert (theirs.id, ours.id) == (1, 2)
    assert bytes(theirs.data) == bytes(ours.data)
    assert type(theirs.expiry) is type(ours.expiry)
    assert re.match(r"session:[A-Za-z0-9_-]{43}$", theirs.session_id)
    assert re.match(r"session:[A-Za-z0-9_-]{43}$", ours.session_id)
    assert ("." in str(theirs.expiry)) == ("." in str(ours.expiry))


def test_0_8_0_works_on_a_table_that_we_made(runners: Runners, uri: str) -> None:
    conversation = Conversation(runners, uri, {})
    try:
        conversation.ask("ours", 'session["user"] = "ann"')
        assert conversation.ask("0.8.0", 'session["more"] = 1', 'session["user"]') == "'ann'"
        conversation.ask("0.8.0", "session.clear()")
        assert conversation.rows() == []
    finally:
        conversation.remove()
