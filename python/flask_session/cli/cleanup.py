"""``flask session cleanup``."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext

from .failures import explained


def command(interface: Any, name: str = "cleanup") -> click.Command:
    """The command, which Flask-Session calls ``session_cleanup``."""

    @click.command(name)
    @with_appcontext
    @explained
    def cleanup() -> None:
        """Remove expired sessions from the store."""
        interface._delete_expired_sessions()

    return cleanup
