"""``flask session revoke``."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from itsdangerous import BadSignature

from ..exceptions import SessionCorrupt
from .failures import explained
from .places import nameless_files, place_of

PASSES = 5
"""How often the store is gone through at most: a session that was renewed meanwhile has another id."""


def command(interface: Any) -> click.Command:
    """The command."""

    # An id may begin with a hyphen.
    @click.command("revoke", context_settings={"ignore_unknown_options": True})
    @click.argument("sid", required=False)
    @click.option("--all", "every", is_flag=True, help="Every session.")
    @click.option("--key", help="Sessions that hold this key with the value of --value.")
    @click.option("--value", help="What str() gives for the value.")
    @click.option("--yes", is_flag=True, help="Don't ask.")
    @with_appcontext
    @explained
    def revoke(sid: str | None, every: bool, key: str | None, value: str | None, yes: bool) -> None:
        """End sessions: one by its SID, those that hold a value, or all.

        SID is what the cookie holds; - reads it from standard input. Whoever has a revoked session is logged
        out, also if a request of his is being answered.
        """
        if (sid is not None) + every + (key is not None) != 1 or (key is None) != (value is None):
            raise click.UsageError("give a SID, or --all, or --key and --value")
        if sid is not None:
            _revoke_one(interface, sys.stdin.read().strip() if sid == "-" else sid)
            return
        if every and not yes:
            click.confirm("This logs everybody out. Go on?", abort=True)
        number, unreadable = _revoke_many(interface, key, value)
        nameless = nameless_files(interface)
        if every:
            for path in nameless:
                path.unlink(missing_ok=True)
            number += len(nameless)
        click.echo(f"{number} sessions revoked.")
        left = unreadable + (0 if every else len(nameless))
        if left:
            raise click.ClickException(
                f"{left} sessions could not be looked into (files of Flask-Session, or unreadable): whether "
                "they hold that value isn't known; --all revokes them, too"
            )

    return revoke


def _revoke_one(interface: Any, text: str) -> None:
    sid = text
    if interface.use_signer:
        try:
            sid = interface._unsign(current_app, text)
        except BadSignature:
            sid = text
    key = interface._get_store_id(sid)
    try:
        there = interface._acceptable(sid) and interface._retrieve_session_data(key) is not None
    except SessionCorrupt:
        there = True
    if not there:
        raise click.ClickException("there is no such session")
    interface._delete_session(key)
    click.echo("1 session revoked.")


def _revoke_many(interface: Any, key: str | None, value: str | None) -> tuple[int, int]:
    """How many were revoked, and how many could not be looked into."""
    place = place_of(current_app, interface)
    revoked, unreadable = 0, 0
    for _ in range(PASSES):
        before, unreadable = revoked, 0
        for store_id in place.listed():
            if key is not None:
                try:
                    data = interface._retrieve_session_data(store_id)
                except SessionCorrupt:
                    unreadable += 1
                    continue
                if data is None or key not in data or str(data[key]) != value:
                    continue
            interface._delete_session(store_id)
            revoked += 1
        if revoked == before:
            break
    return revoked, unreadable
