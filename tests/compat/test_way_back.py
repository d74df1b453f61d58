"""Back from us to Flask-Session: nobody is logged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from compat.continuing import Conversation
from flask_session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from compat.conftest import Player

FILL = 'session["user"] = "ann"; session["pair"] = (1, {"x"}); session["cart"] = [{"pen": 1}]'
SEE = 'session["user"], session["pair"], session["cart"]'
SEEN = "('ann', (1, {'x'}), [{'pen': 1}])"


def migrate(config: dict[str, Any], *arguments: str) -> str:
    app = Flask("back")
    app.config.update(config)
    Session(app)
    result = app.test_cli_runner().invoke(args=["session", "migrate", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(("release", "names"), [("0.7.0", "md5"), ("0.6.0", "md5"), ("0.8.0", "sha256")])
def test_the_files_that_we_write_are_read_by_flask_session(
    player: Player, tmp_path: Path, release: str, names: str
) -> None:
    config = {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(tmp_path / "sessions")}
    talk = Conversation(player, **config)
    talk.ask("ours", FILL)
    cookie = talk.cookie
    arguments = ("--to", f"cachelib://{tmp_path / 'sessions'}", "--names", names)
    assert "1 written" in migrate(config, *arguments)
    assert "1 skipped (1 already there)" in migrate(config, *arguments)
    assert talk.ask(release, 'session["more"] = 1', SEE)["body"] == SEEN
    assert talk.ask(release, "", 'session["more"]')["body"] == "1"
    assert talk.cookie == cookie
    assert "1 skipped (1 newer in the target)" in migrate(config, *arguments)


def test_a_file_that_we_write_expires_with_its_session(player: Player, tmp_path: Path) -> None:
    import struct
    import time

    config: dict[str, Any] = {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(tmp_path / "sessions")}
    config["PERMANENT_SESSION_LIFETIME"] = 1000
    Conversation(player, **config).ask("ours", FILL)
    migrate(config, "--to", f"cachelib://{tmp_path / 'cache'}")
    (file,) = (tmp_path / "cache").iterdir()
    assert len(file.name) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    (expiry,) = struct.unpack("I", file.read_bytes()[:4])
    assert 500 < expiry - time.time() <= 1001


def test_plain_records_are_those_of_0_8_0(player: Player) -> None:
    talk = Conversation(player)
    talk.ask("ours", FILL)
    config = {"SESSION_TYPE": "redis", "SESSION_REDIS": player.server.url(3)}
    assert "1 written" in migrate(config, "--plain")
    seen = talk.ask("0.8.0", "", "sorted(session), session['pair']")["body"]
    assert seen == "(['_permanent', 'cart', 'pair', 'user'], [1, ['x']])"
