"""``flask session migrate``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import current_app
from flask.cli import with_appcontext

from ..filesystem.filesystem import SESSION_FILE_MODE
from ..serializer import MsgSpecSerializer, codec_of
from ..settings import SESSION_KEEP_TYPES
from .cachelib_files import NAMES, CachelibFiles, PickleSerializer
from .failures import explained
from .moving import Move, Tally
from .places import Place, interface_at, nameless_files, place_of

if TYPE_CHECKING:
    from flask import Flask

CONFIGURED = "configured"
CACHELIB = "cachelib:"
MOST_REASONS = 20
"""Different reasons why sessions could not be read that are printed."""


def command(interface: Any) -> click.Command:
    """The command."""

    @click.command("migrate")
    @click.option(
        "--from",
        "source",
        default=CONFIGURED,
        metavar="URL",
        help="Where the sessions are.",
        show_default=True,
    )
    @click.option(
        "--to", "target", default=CONFIGURED, metavar="URL", help="Where they are to be.", show_default=True
    )
    @click.option(
        "--from-set", "source_settings", multiple=True, metavar="KEY=VALUE", help="A setting of --from."
    )
    @click.option(
        "--to-set", "target_settings", multiple=True, metavar="KEY=VALUE", help="A setting of --to."
    )
    @click.option("--format", "form", type=click.Choice(["msgpack", "json"]), help="Default: as configured.")
    @click.option(
        "--plain", is_flag=True, help="Write no notes on types: what Flask-Session 0.8 would write."
    )
    @click.option(
        "--names",
        type=click.Choice(list(NAMES)),
        default="md5",
        show_default=True,
        help="How cachelib names files: md5 from 0.7 to 0.15, sha256 since.",
    )
    @click.option("--overwrite", is_flag=True, help="Also where the target's session is the newer one.")
    @click.option("--dry-run", is_flag=True, help="Write nothing, only count.")
    @with_appcontext
    @explained
    def migrate(
        source: str,
        target: str,
        source_settings: tuple[str, ...],
        target_settings: tuple[str, ...],
        form: str | None,
        plain: bool,
        names: str,
        overwrite: bool,
        dry_run: bool,
    ) -> None:
        """Copy sessions to another store, or rewrite them in another format.

        A URL is one of SESSION_URL's, or cachelib:///folder for files that Flask-Session 0.8 reads. Sessions
        keep the rest of their lifetime, and --from keeps them. Safe to run again, also while applications
        use both stores.
        """
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        begin = _interface(app, interface, source, source_settings, "--from")
        come_from = place_of(app, begin)
        if target.startswith(CACHELIB):
            _refuse(form, "--format", "cachelib's files hold pickles")
            go_to = _cachelib_files(app, target, target_settings, names, come_from)
        else:
            end = _interface(app, interface, target, target_settings, "--to")
            go_to = _written_as(place_of(app, end), app, form, plain)
        move = Move(come_from, go_to, overwrite=overwrite, dry_run=dry_run)
        tally = Tally()
        keys = come_from.listed()
        with click.progressbar(keys, label="Sessions", show_pos=True, file=sys.stderr) as bar:
            for key in bar:
                tally.count(move.one(key))
        _report(tally, dry_run, nameless_files(begin))

    return migrate


def _interface(app: Flask, interface: Any, place: str, changes: Iterable[str], option: str) -> Any:
    settings = _settings(changes)
    if place != CONFIGURED:
        return interface_at(place, app, settings)
    if settings:
        raise click.UsageError(f"{option}-set needs {option} URL")
    return interface


def _settings(changes: Iterable[str]) -> dict[str, str]:
    pairs = [change.partition("=") for change in changes]
    for key, equals, _ in pairs:
        if not equals or not key.startswith("SESSION_"):
            raise click.UsageError(f"a setting is given as SESSION_NAME=VALUE, not {key!r}")
    return {key: value for key, _, value in pairs}


def _written_as(place: Place, app: Flask, form: str | None, plain: bool) -> Place:
    """``place`` with the serializer that the options ask for."""
    codec = codec_of(place.serializer)
    if codec is None:
        _refuse(form or plain, "--format and --plain", "the application has a serializer of its own")
        return place
    keeps = SESSION_KEEP_TYPES.read(app.config) and not plain
    serializer = MsgSpecSerializer(app, form or codec.format, keep_types=keeps)
    return replace(place, serializer=serializer)


def _cachelib_files(app: Flask, target: str, changes: Iterable[str], names: str, source: Place) -> Place:
    settings = _settings(changes)
    folder = target.removeprefix(CACHELIB).removeprefix("//")
    if not folder:
        raise click.UsageError("--to cachelib: needs a folder, as in cachelib:///var/lib/sessions")
    prefix = settings.pop("SESSION_KEY_PREFIX", source.prefix)
    _refuse(settings, "--to-set", "cachelib's files have no setting but SESSION_KEY_PREFIX")
    store = CachelibFiles(Path(folder), NAMES[names], SESSION_FILE_MODE.read(app.config))
    return Place(store, prefix, PickleSerializer(), source.lifetime, store.name)


def _refuse(given: Any, option: str, reason: str) -> None:
    if given:
        raise click.UsageError(f"{option} can't be used here: {reason}")


def _report(tally: Tally, dry_run: bool, nameless: list[Path]) -> None:
    for line in tally.lines(dry_run):
        click.echo(line)
    for reason, times in tally.reasons.most_common(MOST_REASONS):
        click.echo(f"  {times} unreadable: {reason}")
    if nameless:
        click.echo(
            f"  {len(nameless)} files of Flask-Session hold no session id and were left: each is read, and "
            "rewritten, when its owner comes back"
        )
