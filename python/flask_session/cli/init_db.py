"""``flask session init-db``."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext

from .failures import explained


def command(interface: Any) -> click.Command:
    """The command."""

    @click.command("init-db")
    @click.option("--sql", is_flag=True, help="Print the statements instead.")
    @with_appcontext
    @explained
    def init_db(sql: bool) -> None:
        """Make the table of sessions, if it isn't there."""
        if not hasattr(interface, "_ddl"):
            raise click.ClickException(
                'only SESSION_TYPE = "sqlalchemy" has a table to be made so; what other stores need is made '
                "at the first use"
            )
        if sql:
            click.echo("\n\n".join(f"{statement};" for statement in interface._ddl()))
            return
        made = interface._create_table()
        click.echo("The table of sessions was made." if made else "The table of sessions is there.")

    return init_db
