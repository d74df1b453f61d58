"""Commands for ``flask``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

if TYPE_CHECKING:
    from flask import Flask

    from .interface import ServerSideSessionInterface


def register(app: Flask, interface: ServerSideSessionInterface) -> None:
    """Adds the commands that work on ``interface``'s sessions to ``app``."""
    for command in (_session_cleanup(interface),):
        app.cli.add_command(command)


def _session_cleanup(interface: ServerSideSessionInterface) -> click.Command:
    @click.command("session_cleanup")
    @with_appcontext
    def session_cleanup() -> None:
        """Remove expired sessions from the store."""
        interface._delete_expired_sessions()

    return session_cleanup
