"""What a request on Redis does with its session past the session interface, in steps of both releases.

`load` asks the store, `code` decodes what that brought, uses it and encodes what is to be written, `save`
sends that. The session is a plain dict on both sides: their session classes belong to what is left out. An
object is for one thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

LIFETIME = 3600
Use = tuple["Callable[[Any], None]", "Collection[str]"]
"""What is done with the session, and the keys that this assigns."""


class Steps(Protocol):
    def load(self, refresh: int | None = None) -> None:
        """With ``refresh``, seconds, the session lives so long from now on."""

    def code(self) -> None: ...
    def save(self) -> None: ...


def steps_of(interface: Any, key: str, use: Use) -> Steps:
    """Those of the release whose interface this is, with the session under ``key`` loaded."""
    return (Ours if hasattr(interface, "_current_store") else Rivals)(interface, key, use)


class Rivals:
    """As `_retrieve_session_data` and `_upsert_session` of 0.8.0 do it."""

    def __init__(self, interface: Any, key: str, use: Use) -> None:
        self.client, self.serializer = interface.client, interface.serializer
        self.key = key
        self.use, _ = use
        self.load()
        self.code()

    def load(self, refresh: int | None = None) -> None:
        assert refresh is None, "only writing extends a life here"
        self.stored: bytes = self.client.get(self.key)

    def code(self) -> None:
        session = self.serializer.decode(self.stored)
        self.use(session)
        self.changed: bytes = self.serializer.encode(session)

    def save(self) -> None:
        self.client.set(name=self.key, value=self.changed, ex=LIFETIME)


class Ours:
    """As the session does it: a change is written if nobody else has written one."""

    def __init__(self, interface: Any, key: str, use: Use) -> None:
        from flask_session._core import Commit

        self.store, self.codec = interface._current_store(), interface.serializer.codec
        self.commit_class = Commit
        self.key = key
        self.use, self.assigned = use
        self.load()
        self.code()

    def load(self, refresh: int | None = None) -> None:
        self.record = self.store.load(self.codec, self.key, refresh)

    def code(self) -> None:
        session: dict[str, Any] = {}
        self.record.fill(session)
        self.use(session)
        self.commit = self.commit_class(
            self.codec, session, self.key, record=self.record, assigned=self.assigned
        )

    def save(self) -> None:
        self.store.commit(self.commit, LIFETIME)
        assert self.commit.outcome == "stored"
