"""The Flask-SQLAlchemy object that the application has: 2.5 and 3."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool

from ..exceptions import SessionMisconfigured
from .application import application

if TYPE_CHECKING:
    from flask import Flask


def is_client(client: Any) -> bool:
    """Whether ``client`` is a Flask-SQLAlchemy object, or behaves like one."""
    return not isinstance(client, type) and all(
        hasattr(client, name) for name in ("session", "Model", "metadata")
    )


def registered(app: Flask | None) -> Any:
    """The object that ``app`` has registered already, or None."""
    found = app.extensions.get("sqlalchemy") if app is not None else None
    # Flask-SQLAlchemy 3.0 warns of who asks the object itself for its `db`, where 2.5 has it.
    return found if is_client(found) else getattr(found, "db", found)


class Engines:
    """The engines of a Flask-SQLAlchemy object, asked for several times in each request.

    Flask-SQLAlchemy 3 keeps one mapping of engines for each application, for good. Any other object, and any
    subclass that finds them in a way of its own, is asked each time.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        found = getattr(type(client), "engines", None)
        own = isinstance(found, property) and found.fget.__module__.startswith("flask_sqlalchemy.")
        self._property = found if own else None
        # One tuple: another thread may be in another application.
        self._last: tuple[Callable[[], Any], Mapping[str | None, Any]] = (lambda: None), {}

    def find(self, bind_key: str | None, app: Flask | None) -> Any:
        """The engine for ``bind_key`` in ``app``. Raises SessionMisconfigured."""
        if app is None:
            raise RuntimeError("sessions in a database need an application context")
        # The property may have been patched meanwhile.
        keeps = self._property is not None and type(self.client).engines is self._property
        known, mapping = self._last
        if keeps and app is known() and bind_key in mapping:
            return mapping[bind_key]
        with nullcontext() if app is application() else app.app_context():
            engines = getattr(self.client, "engines", None)
            if keeps and engines is not None:
                self._last = weakref.ref(app), engines
            try:
                # Flask-SQLAlchemy 3, and 2.5
                return engines[bind_key] if engines is not None else self.client.get_engine(app, bind_key)
            except (KeyError, AssertionError):
                raise SessionMisconfigured(
                    f"SESSION_SQLALCHEMY_BIND_KEY = {bind_key!r} is not among SQLALCHEMY_BINDS"
                    if bind_key is not None
                    else "SQLALCHEMY_DATABASE_URI is not set, and SESSION_SQLALCHEMY_BIND_KEY isn't either"
                ) from None


def session_of(client: Any) -> Any:
    """The SQLAlchemy session that the application already uses in this context, or None."""
    registry = getattr(client.session, "registry", None)
    try:
        return client.session() if registry is not None and registry.has() else None
    except RuntimeError:
        # Outside of any context there is none.
        return None


def metadata_of(client: Any, bind_key: str | None) -> Any:
    """The tables of ``bind_key`` that the application has declared so far; None if there are none."""
    all_of_them = getattr(client, "metadatas", None)
    return client.metadata if all_of_them is None else all_of_them.get(bind_key)


def engine_for(url: str) -> Callable[[], Any]:
    """Gives an engine of our own for a URL; it connects to nothing before its first use."""
    try:
        parsed = make_url(url)
        options: dict[str, Any] = {"hide_parameters": True}
        if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        engine = sqlalchemy.create_engine(parsed, **options)
    except (sqlalchemy.exc.ArgumentError, ImportError) as error:
        # Not the error's own words: they may quote the URL, and with it a password.
        raise SessionMisconfigured(
            "SESSION_SQLALCHEMY is text but not the URL of a database that can be used: "
            f"{type(error).__name__}; it is to look like postgresql://user:password@host/database, and what "
            "is special in a password is percent-encoded"
        ) from None
    return lambda: engine
