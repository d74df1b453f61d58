"""Sessions in the core's memory store, with every operation on it written down."""

from __future__ import annotations

from typing import Any

import flask
from werkzeug.test import EnvironBuilder

from flask_session import ServerSideSessionInterface
from flask_session._core import Store


class RecordingStore:
    """The core's memory store; ``operations`` says what was asked of it."""

    def __init__(self) -> None:
        self.store = Store.memory()
        self.operations: list[str] = []
        self.failure: Exception | None = None

    @property
    def guarantee(self) -> str:
        return self.store.guarantee

    def _ask(self, operation: str, *args: Any) -> Any:
        self.operations.append(operation)
        if self.failure is not None:
            raise self.failure
        return getattr(self.store, operation)(*args)

    def load(self, codec: Any, key: str, refresh: float | None = None) -> Any:
        self.operations.append("load" if refresh is None else "load and refresh")
        if self.failure is not None:
            raise self.failure
        return self.store.load(codec, key, refresh)

    def commit(self, commit: Any, ttl: float) -> None:
        self.store.commit(commit, ttl)
        if commit.outcome != "unchanged":
            self.operations.append("commit")

    def touch(self, key: str, ttl: float) -> bool:
        return self._ask("touch", key, ttl)

    def get(self, key: str) -> bytes | None:
        return self._ask("get", key)

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        self._ask("put", key, payload, ttl)

    def delete(self, key: str) -> bool:
        return self._ask("delete", key)

    def take_notices(self) -> list[tuple[bool, str]]:
        return self.store.take_notices()

    def sweep(self, limit: int = 1000) -> int:
        return self._ask("sweep", limit)

    def keys(self) -> list[str]:
        return sorted(self.store.list("")[0])


class MemorySessionInterface(ServerSideSessionInterface):
    """An interface whose store is a RecordingStore."""

    def __init__(self, app: Any = None, **options: Any) -> None:
        super().__init__(app, **options)
        self.store = RecordingStore()

    def _current_store(self) -> Any:
        return self.store


def application(interface_class: Any = MemorySessionInterface, **config: Any) -> flask.Flask:
    """An application with its sessions in memory; options of the interface in lower case."""
    app = flask.Flask("memory")
    app.testing = True
    app.config.update({key: value for key, value in config.items() if key.isupper()})
    options = {key: value for key, value in config.items() if not key.isupper()}
    app.session_interface = interface_class(app, **options)
    return app


def operations(app: flask.Flask) -> list[str]:
    """What was asked of the store since the last call."""
    store = app.session_interface.store
    asked, store.operations = store.operations, []
    return asked


def stored(app: flask.Flask, entries: dict[str, Any], sid: str = "a-stored-session") -> str:
    """Puts a session into the store and returns its id."""
    interface = app.session_interface
    interface.store.store.put(interface._get_store_id(sid), interface.serializer.encode(entries), 1000)
    return sid


def opened(app: flask.Flask, sid: str | None) -> Any:
    """The session as a request with that cookie opens it."""
    return opened_with(app, f"session={sid}" if sid else "")


def opened_with(app: flask.Flask, header: str) -> Any:
    """The session as a request with that Cookie header opens it."""
    builder = EnvironBuilder(headers={"Cookie": header} if header else {})
    return app.session_interface.open_session(app, app.request_class(builder.get_environ()))


def saved(app: flask.Flask, session: Any) -> flask.Response:
    """Saves a session and returns the response that carries its cookie."""
    response = flask.Response()
    app.session_interface.save_session(app, session, response)
    return response
