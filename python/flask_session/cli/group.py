"""The group ``flask session``, one for each application."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from . import cleanup

if TYPE_CHECKING:
    from flask import Flask

COMMANDS = ("cleanup", "doctor", "init-db", "migrate", "revoke")


class SessionGroup(click.Group):
    """The commands on one interface's sessions; each is imported when it is asked for."""

    def __init__(self, interface: Any) -> None:
        super().__init__("session", help="Look after the store of sessions.")
        self._interface = interface

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{cmd_name.replace('-', '_')}", __package__)
        command: click.Command = module.command(self._interface)
        return command


def register(app: Flask, interface: Any) -> None:
    """Adds the commands that work on ``interface``'s sessions to ``app``."""
    app.cli.add_command(cleanup.command(interface, "session_cleanup"))
    # A command of the application's own by that name stays.
    if isinstance(app.cli.commands.get("session"), (SessionGroup, type(None))):
        app.cli.add_command(SessionGroup(interface))
