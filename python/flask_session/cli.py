"""Commands for ``flask``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from flask.cli import with_appcontext

if TYPE_CHECKING:
    from flask import Flask

    from .interface import ServerSideSessionInterface


def register(app: Flask, interface: ServerSideSessionInterface) -> None:
    """Adds the commands that work on ``interface``'s sessions to ``app``."""
    app.cli.add_command(_session_cleanup(interface))
    # A command of the application's own by that name stays.
    if "session" not in app.cli.commands and hasattr(interface, "_ddl"):
        app.cli.add_command(_session(interface))


def _session_cleanup(interface: ServerSideSessionInterface) -> click.Command:
    @click.command("session_cleanup")
    @with_appcontext
    def session_cleanup() -> None:
        """Remove expired sessions from the store."""
        interface._delete_expired_sessions()

    return session_cleanup


def _session(interface: Any) -> click.Group:
    @click.group("session")
    def session() -> None:
        """Look after the store of sessions."""

    @session.command("init-db")
    @click.option("--sql", is_flag=True, help="Print the statements instead.")
    @with_appcontext
    def init_db(sql: bool) -> None:
        """Make the table of sessions, if it isn't there."""
        if sql:
            click.echo("\n\n".join(f"{statement};" for statement in interface._ddl()))
            return
        made = interface._create_table()
        click.echo("The table of sessions was made." if made else "The table of sessions is there.")

    return session
