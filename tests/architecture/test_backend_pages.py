"""The pages on the stores: each of their examples runs on a real server and leaves a session there.

`test_documents.py` runs the Python ones; here are the others, and what all of them must have.
"""

from __future__ import annotations

import ast
import shlex
import sqlite3
import uuid
from typing import TYPE_CHECKING

import pytest

from flask_session._core import Codec, Store

from .repository import ROOT
from .test_documents import CODE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis_server import RedisServer

PAGES = sorted((ROOT / "docs" / "backends").glob("*.md"))
BLOCKS = [
    pytest.param(path.name, language, code, id=f"{path.stem}-{number}")
    for path in PAGES
    for number, (_, language, code) in enumerate(CODE.findall(path.read_text()), 1)
]
ENTRIES = {"_permanent": True, "user": "ann"}
"""The session of a visitor who logged in as ann."""
PAYLOAD = Codec().encode(ENTRIES)

# A table as Flask-Session 0.8 makes it on MySQL, which the page says how to improve.
OLD_TABLE = """CREATE TABLE sessions (id INTEGER NOT NULL AUTO_INCREMENT, session_id VARCHAR(255), data BLOB,
expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id))"""


def of(language: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("page", "code"),
        [pytest.param(b.values[0], b.values[2], id=b.id) for b in BLOCKS if b.values[1] == language],
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_page_has_an_example(path: Path) -> None:
    assert "```python\n" in path.read_text()


@pytest.mark.parametrize(("page", "language", "code"), BLOCKS)
def test_every_block_is_one_that_is_run(page: str, language: str, code: str) -> None:
    if language == "text":
        assert code.startswith("<SESSION_FILE_DIR>/"), f"{page}: an example? Then it must be run"
    else:
        assert language in ("python", "sql", "redis"), (
            f"{page}: nothing here runs {language or 'such a block'}"
        )


@of("python")
def test_every_python_example_looks_at_the_record_that_it_stored(page: str, code: str) -> None:
    asserts = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    assert any(names_the_record(part) for node in asserts for part in ast.walk(node.test)), page


def names_the_record(part: ast.AST) -> bool:
    """Whether it is the session of ann, encoded or as a dict."""
    if isinstance(part, ast.Dict):
        return ast.unparse(part) == repr(ENTRIES)
    return isinstance(part, ast.Constant) and part.value == PAYLOAD


@of("sql")
def test_every_sql_example_makes_a_table_that_keeps_sessions(
    page: str, code: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if "AUTO_INCREMENT" in code or "LONGBLOB" in code:
        run, url = on_server(request, "mariadb_server")
    elif "SERIAL" in code or "BYTEA" in code:
        run, url = on_server(request, "restartable_postgresql")
    else:
        assert "BLOB" in code
        run, url = on_sqlite(tmp_path / "example.db")
    if code.startswith("ALTER TABLE"):
        run(OLD_TABLE)
    run(code)
    table, schema = ("flask_sessions", "public") if "public." in code else ("sessions", None)
    store = Store.open(url, table=table, schema=schema, create=False)
    store.put("session:ann", PAYLOAD, 100)
    assert [bytes(data) for (data,) in run(f"SELECT data FROM {table}")] == [PAYLOAD]
    store.put("session:ann", b"x" * 100_000, 100)
    assert len(run(f"SELECT data FROM {table}")[0][0]) == 100_000


def on_server(request: pytest.FixtureRequest, name: str) -> tuple[Callable[[str], list[tuple[bytes]]], str]:
    """Runs statements in a new database, and that database's URL."""
    server = request.getfixturevalue(name)
    database = server.new_database()

    def run(text: str) -> list[tuple[bytes]]:
        return server.execute(database, *filter(str.strip, text.split(";")))

    return run, server.url(database)


def on_sqlite(file: Path) -> tuple[Callable[[str], list[tuple[bytes]]], str]:
    """The same in a file, which the native store opens only while Python's sqlite3 has it closed."""

    def run(text: str) -> list[tuple[bytes]]:
        connection = sqlite3.connect(file)
        rows: list[tuple[bytes]] = []
        for statement in filter(str.strip, text.split(";")):
            rows = connection.execute(statement).fetchall()
        connection.commit()
        connection.close()
        return rows

    return run, f"sqlite:///{file}"


@of("redis")
def test_every_redis_command_makes_a_user_whose_sessions_are_merged(
    page: str, code: str, redis_server: RedisServer
) -> None:
    assert code.startswith("ACL SETUSER sessions on >password ~session:*"), page
    for line in code.splitlines():
        redis_server.client().execute_command(*shlex.split(line))
    store = Store.open(redis_server.url(credentials="sessions:password@"))
    key = f"session:{uuid.uuid4().hex}"
    try:
        store.put(key, PAYLOAD, 100)
        assert redis_server.client().get(key) == PAYLOAD
        assert store.guarantee == "merge"
        assert store.take_notices() == []
    finally:
        redis_server.client().execute_command("ACL", "DELUSER", "sessions")


def test_each_language_has_examples() -> None:
    assert {block.values[1] for block in BLOCKS} == {"python", "redis", "sql", "text"}
