"""``flask session doctor``."""

from __future__ import annotations

import json
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

_COLOURS = {"ok": "green", "advice": "yellow", "problem": "red"}


def command(interface: Any) -> click.Command:
    """The command."""

    @click.command("doctor")
    @click.option("--json", "as_json", is_flag=True, help="Print a list of objects instead.")
    @with_appcontext
    def doctor(as_json: bool) -> None:
        """Look at the configuration and the store, and say what to change.

        Exit status 1 if there is a problem. Writes one session of its own and removes it again.
        """
        from .checks import findings

        found = list(findings(current_app, interface))
        if as_json:
            click.echo(json.dumps([finding.as_json() for finding in found], indent=2))
        else:
            for finding in found:
                level = click.style(f"{finding.level:8}", fg=_COLOURS[finding.level])
                click.echo(f"{level}{finding.subject}: {finding.text}")
                if finding.change:
                    click.echo(f"        -> {finding.change}")
        if any(finding.level == "problem" for finding in found):
            raise click.exceptions.Exit(1)

    return doctor
