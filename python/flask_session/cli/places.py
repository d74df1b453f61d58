"""Where sessions are, as the commands go through them: a store, a prefix, a serializer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask

from .. import settings
from ..exceptions import SessionUnsupported
from ..filesystem.filesystem import FileSystemSessionInterface
from ..lifetime import seconds
from ..serializer import decode
from ..store import keys

if TYPE_CHECKING:
    from ..interface import ServerSideSessionInterface


@dataclass
class Place:
    """A store of sessions."""

    store: Any
    prefix: str
    serializer: Any
    lifetime: int
    """Seconds that a session lives there unless something else is known."""
    name: str

    def listed(self) -> list[str]:
        """Each live session's key, once. Raises click.ClickException where a store can't list."""
        try:
            return list(dict.fromkeys(self._named(keys(self.store, self.prefix))))
        except SessionUnsupported as error:
            raise click.ClickException(
                f"{error}: only the session of a known id can be reached ({self.name})"
            ) from None

    def _named(self, found: Iterator[str]) -> Iterator[str]:
        # The prefix alone names no session.
        return (key for key in found if len(key) > len(self.prefix))

    def decoded(self, payload: bytes) -> dict[Any, Any] | None:
        """The session in a payload; None if it says that there is none. Raises SessionCorrupt."""
        data: dict[Any, Any] | None = decode(self.serializer, payload)
        return data


def place_of(app: Flask, interface: ServerSideSessionInterface) -> Place:
    """Where ``interface`` keeps its sessions. Raises click.ClickException if it has no store of ours."""
    store = interface._current_store()
    if store is None:
        raise click.ClickException(
            f"{type(interface).__name__} keeps its sessions in an object that can't list them"
        )
    lifetime = seconds(app.permanent_session_lifetime)
    return Place(store, interface.key_prefix, interface.serializer, lifetime, store.name)


def interface_at(url: str, app: Flask, changes: Mapping[str, str]) -> Any:
    """An interface like the application's own, but at ``url``, with other settings as in ``changes``."""
    from ..extension import Session

    places = {names[0].name for _, names in settings.sections()} - {settings.SESSION_TYPE.name}
    elsewhere = Flask(app.import_name, root_path=app.root_path)
    elsewhere.config.update({key: value for key, value in app.config.items() if key not in places})
    elsewhere.config.update(SESSION_TYPE=None, SESSION_URL=url, SESSION_CLEANUP_N_REQUESTS=None)
    elsewhere.config.update(changes)
    Session(elsewhere)
    return elsewhere.session_interface


def nameless_files(interface: Any) -> list[Path]:
    """Session files of Flask-Session: they don't hold their id, so that no listing shows them."""
    if not isinstance(interface, FileSystemSessionInterface):
        return []
    try:
        found = list(Path(interface._directory).iterdir())
    except OSError:
        return []
    digits = set("0123456789abcdef")
    return [path for path in found if len(path.name) in (32, 64) and digits.issuperset(path.name)]
