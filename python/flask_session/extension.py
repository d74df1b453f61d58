"""The extension object, and the choice of a backend."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import settings
from .exceptions import SessionMisconfigured
from .null import NullSessionInterface
from .url import NativeSessionInterface, backend_of, is_served_by, scheme, type_for

if TYPE_CHECKING:
    from flask import Flask
    from flask.sessions import SessionInterface


class Session:
    """Gives Flask applications server-side sessions.

    ``Session(app)``, or ``Session().init_app(app)`` for any number of applications. It only sets
    ``app.session_interface``; go on using ``flask.session``. The configuration is read once, here.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self.app = app
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Reads ``app.config``. Raises SessionMisconfigured, naming the key."""
        app.session_interface = self._get_interface(app)

    def _get_interface(self, app: Flask) -> SessionInterface:
        config = app.config
        name = config.get("SESSION_TYPE", settings.SESSION_TYPE.default)
        kind = name.strip().lower() if isinstance(name, str) else name
        if settings.SESSION_URL.given(config):
            return self._at_url(app, kind if config.get("SESSION_TYPE") is not None else None)
        if kind == "null":
            return NullSessionInterface(app)
        if not isinstance(kind, str) or kind not in settings.BACKENDS:
            raise SessionMisconfigured(f"SESSION_TYPE must be one of {_listed()}, not {name!r}")
        module, class_name = settings.BACKENDS[kind]
        interface_class: Any = getattr(import_module(module), class_name)
        return _made(interface_class, app, interface_class._arguments_from(config))

    def _at_url(self, app: Flask, kind: Any) -> SessionInterface:
        """The interface for SESSION_URL; ``kind`` is SESSION_TYPE if that is set, too."""
        url: str = settings.SESSION_URL.read(app.config)
        backend = backend_of(url)
        if kind is not None and not is_served_by(kind, backend):
            raise SessionMisconfigured(
                f"SESSION_TYPE = {kind!r}, but SESSION_URL begins with {scheme(url)}:, which is {backend!r}; "
                "set one of them"
            )
        named = settings.BACKENDS.get(kind or type_for(backend))
        if named is not None:
            interface_class: Any = getattr(import_module(named[0]), named[1])
            arguments = interface_class._arguments_from_url(url, app.config)
            if arguments is not None:
                return _made(interface_class, app, arguments)
        return _made(NativeSessionInterface, app, {"url": url})


def _made(interface_class: Any, app: Flask, arguments: dict[str, Any]) -> SessionInterface:
    interface: SessionInterface = interface_class(
        app=app,
        key_prefix=settings.SESSION_KEY_PREFIX.read(app.config),
        use_signer=settings.SESSION_USE_SIGNER.read(app.config),
        permanent=settings.SESSION_PERMANENT.read(app.config),
        sid_length=settings.SESSION_ID_LENGTH.read(app.config),
        serialization_format=settings.SESSION_SERIALIZATION_FORMAT.read(app.config),
        **arguments,
    )
    return interface


def _listed() -> str:
    return ", ".join(repr(name) for name in ("null", *settings.BACKENDS))
