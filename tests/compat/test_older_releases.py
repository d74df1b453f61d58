"""What 0.4 to 0.8 stored is read: nobody is logged out by the move to us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compat.continuing import Conversation

if TYPE_CHECKING:
    from pathlib import Path

    from compat.conftest import Player

FILL = """
session["user"] = "ann"
session["pair"] = (1, 2)
session["tags"] = {"x"}
session["when"] = datetime(2024, 2, 29, 1, 2, 3)
session["amount"] = Decimal("1.10")
session["text"] = "Größe 日本"
session["raw"] = b"bytes"
session["nested"] = {"list": [1, 2.5, None, True, -5, 2**40]}
flash("hello")
"""
SEE = 'sorted((key, value) for key, value in session.items() if key != "_flashes")'
PICKLED = (
    "[('_permanent', True), ('amount', Decimal('1.10')), "
    "('nested', {'list': [1, 2.5, None, True, -5, 1099511627776]}), "
    "('pair', (1, 2)), ('raw', b'bytes'), ('tags', {'x'}), ('text', 'Größe 日本'), ('user', 'ann'), "
    "('when', datetime.datetime(2024, 2, 29, 1, 2, 3))]"
)
PLAIN = (
    PICKLED.replace("Decimal('1.10')", "'1.10'")
    .replace("(1, 2)), ", "[1, 2]), ")
    .replace("{'x'}", "['x']")
    .replace("datetime.datetime(2024, 2, 29, 1, 2, 3)", "'2024-02-29T01:02:03'")
)
WRITTEN_BY = {"0.4.0": PICKLED, "0.5.0": PICKLED, "0.6.0": PICKLED, "0.7.0": PLAIN, "0.8.0": PLAIN}
SIGNED: dict[str, Any] = {"SESSION_USE_SIGNER": True, "SECRET_KEY": "a secret"}


def read_and_changed_by_us(conversation: Conversation, expected: str) -> None:
    before = conversation.cookie
    assert conversation.ask("ours", "", SEE)["body"] == expected
    assert conversation.cookie == before
    conversation.ask("ours", 'session["user"] = "bob"')
    assert conversation.cookie == before
    assert conversation.ask("ours", "", SEE)["body"] == expected.replace("'ann'", "'bob'")
    assert conversation.ask("ours", "", "get_flashed_messages()")["body"] == "['hello']"


@pytest.mark.parametrize(("release", "expected"), WRITTEN_BY.items())
@pytest.mark.parametrize("config", [{}, SIGNED], ids=["unsigned", "signed"])
def test_sessions_in_redis_go_on(player: Player, release: str, expected: str, config: dict[str, Any]) -> None:
    conversation = Conversation(player, **config)
    conversation.ask(release, FILL)
    read_and_changed_by_us(conversation, expected)


@pytest.mark.parametrize("release", WRITTEN_BY)
def test_session_files_go_on(player: Player, tmp_path: Path, release: str) -> None:
    directory = tmp_path / "sessions"
    conversation = Conversation(player, SESSION_TYPE="filesystem", SESSION_FILE_DIR=str(directory))
    conversation.ask(release, FILL)
    hashes = {len(path.name) for path in directory.iterdir()}
    assert hashes == ({64} if release == "0.8.0" else {32}), (
        "cachelib names files by sha256 since 0.16, by md5 before"
    )
    read_and_changed_by_us(conversation, PICKLED)


def test_a_pickle_that_we_changed_is_read_by_0_8_0(player: Player) -> None:
    conversation = Conversation(player)
    conversation.ask("0.4.0", 'session["user"] = "ann"; session["pair"] = (1, 2)')
    conversation.ask("ours", 'session["user"] = "bob"')
    assert conversation.ask("0.8.0", "", 'session["user"], session["pair"]')["body"] == "('bob', [1, 2])"


def test_without_legacy_pickle_an_old_session_begins_anew(player: Player) -> None:
    conversation = Conversation(player)
    conversation.ask("0.4.0", FILL)
    report = conversation.ask("ours", "", 'session.get("user")', SESSION_LEGACY_PICKLE=False)
    assert report["body"] == "None"
