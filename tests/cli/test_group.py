"""The commands of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask import Flask

from flask_session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from redis_server import RedisServer


def test_a_command_of_the_applications_own_stays(redis_server: RedisServer) -> None:
    app = Flask("own")

    @app.cli.command("session")
    def session() -> None:
        click.echo("mine")

    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis_server.url(0))
    Session(app)
    assert app.test_cli_runner().invoke(args=["session"]).output == "mine\n"
    assert app.test_cli_runner().invoke(args=["session_cleanup"]).exit_code == 0


def test_the_commands_are_those_of_the_last_interface(redis_server: RedisServer, tmp_path: Path) -> None:
    app = Flask("twice")
    app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR=str(tmp_path))
    Session(app)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis_server.url(0))
    Session(app)
    assert "store: redis" in app.test_cli_runner().invoke(args=["session", "doctor"]).output


def test_the_commands_are_listed(redis_server: RedisServer) -> None:
    app = Flask("listed")
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis_server.url(0))
    Session(app)
    told = app.test_cli_runner().invoke(args=["session", "--help"]).output
    assert [line.split()[0] for line in told.partition("Commands:\n")[2].splitlines()] == [
        "cleanup",
        "doctor",
        "init-db",
        "migrate",
        "revoke",
    ]
    assert app.test_cli_runner().invoke(args=["session", "init-db"]).exit_code == 1
    assert app.test_cli_runner().invoke(args=["session", "cleanup"]).exit_code == 0
    assert app.test_cli_runner().invoke(args=["session", "absent"]).exit_code == 2
