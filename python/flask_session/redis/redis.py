"""``RedisSessionInterface``: sessions in Redis, as Flask-Session keeps them there."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any, overload

from .._core import Store as CoreStore
from .._core import backends
from ..constructors import arguments
from ..exceptions import SessionMisconfigured
from ..foreign import PlainStore, RedisStyleStore, is_redis_style
from ..interface import ServerSideSessionInterface
from ..session import ServerSideSession
from ..settings import Setting
from ..translation import Native
from .translate import translate
from .url import client_of

if TYPE_CHECKING:
    from flask import Flask

    from ..store import Store

LOCALHOST = "redis://127.0.0.1:6379/0"

SCHEMES = tuple(scheme for name, schemes in backends() if name == "redis" for scheme in schemes)

SESSION_REDIS = Setting(
    "SESSION_REDIS",
    None,
    "a `redis.Redis`, anything that has `get`, `set` and `delete` like it, or a URL",
    "The Redis to keep sessions in. URLs are `redis://user:password@host:port/db`, `rediss://` (TLS), "
    "`unix:///path?db=0`, `redis+cluster://host:port,host:port` and "
    "`redis+sentinel://host:port,host:port/name`; they need no Python driver.",
    default_text="127.0.0.1:6379",
)
SETTINGS: tuple[Setting, ...] = (SESSION_REDIS,)

_CURRENT = ("app", "client", "key_prefix", "use_signer", "permanent", "sid_length", "serialization_format")
_OLDER = ("client", "key_prefix", "use_signer", "permanent", "sid_length")

logger = logging.getLogger("flask_session")


class RedisSession(ServerSideSession):
    """A session kept in Redis."""


class _ClientOfUrl:
    """``client`` until one is assigned: a redis-py client of the same server, made on demand.

    Not by ``__getattr__``, which would slow down every attribute of the interface.
    """

    def __get__(self, interface: RedisSessionInterface | None, kind: Any = None) -> Any:
        if interface is None:
            return self
        if interface._own_client is None:
            interface._own_client = client_of(interface._url)
        return interface._own_client


class RedisSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in Redis.

    ``client``: a ``redis.Redis``, anything that behaves like one, or a URL; None means 127.0.0.1:6379.
    The other parameters are the settings of the same names.
    """

    session_class = RedisSession
    ttl = True

    client: Any = _ClientOfUrl()

    if TYPE_CHECKING:

        @overload
        def __init__(
            self,
            app: Flask | None = ...,
            client: Any = ...,
            key_prefix: str = ...,
            use_signer: bool = ...,
            permanent: bool = ...,
            sid_length: int = ...,
            serialization_format: str = ...,
        ) -> None: ...
        @overload
        def __init__(
            self,
            redis: Any,
            key_prefix: str,
            use_signer: bool = ...,
            permanent: bool = ...,
            sid_length: int = ...,
        ) -> None: ...

    def __init__(self, *positional: Any, **keywords: Any) -> None:
        given = arguments("RedisSessionInterface", _CURRENT, _OLDER, positional, keywords)
        self._store: Store | None = None
        self._store_client: Any = None
        self._own_client: Any = None
        client = _checked(given.pop("client", None))
        if client is None:
            warnings.warn(
                "No valid Redis instance provided, attempting to create a new instance on localhost with "
                "default "
                "settings.",
                RuntimeWarning,
                stacklevel=2,
            )
            client = LOCALHOST
        super().__init__(**given)
        self._url = LOCALHOST
        # A given client is a plain attribute, so that it can be assigned and patched like any other.
        if isinstance(client, str):
            self._url = client
            self._current_store()
        else:
            self.client = client

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        return {"client": SESSION_REDIS.read(config)}

    @classmethod
    def _arguments_from_url(cls, url: str, config: Any) -> dict[str, Any]:
        SESSION_REDIS.refuse_beside_url(config)
        return {"client": url}

    @property
    def redis(self) -> Any:
        """The client, as it was called until 0.6."""
        return self.client

    @redis.setter
    def redis(self, client: Any) -> None:
        self.client = client

    def _current_store(self) -> Store:
        configured = self.__dict__.get("client", self._url)
        if self._store is None or configured is not self._store_client:
            self._touches = None
            self._store = self._open_store(_checked(configured) or LOCALHOST)
            self._store_client = configured
        return self._store

    def _open_store(self, configured: Any) -> Store:
        if isinstance(configured, str):
            if self.native:
                return CoreStore.open(configured)
            return RedisStyleStore(client_of(configured) if "client" in self.__dict__ else self.client)
        if self.native:
            found = translate(configured)
            if isinstance(found, Native):
                logger.info(
                    "Sessions use native connections to %s with the settings of SESSION_REDIS.", found.url
                )
                return CoreStore.open(found.url, **found.options)
            logger.info("Sessions go through the client in SESSION_REDIS itself: %s.", found.reason)
        return RedisStyleStore(configured) if is_redis_style(configured) else PlainStore(configured)


def _checked(client: Any) -> Any:
    """``client`` if sessions can be kept through it. Raises SessionMisconfigured."""
    if client is None or isinstance(client, str):
        if client is not None and client.partition("://")[0] not in SCHEMES:
            # Not the text itself: it may hold a password.
            raise SessionMisconfigured(
                f"SESSION_REDIS is text but not a URL such as {LOCALHOST}; it may begin with "
                + ", ".join(SCHEMES)
            )
        return client
    if not isinstance(client, type) and hasattr(type(client), "__getattr__"):
        # It passes on what it is asked, perhaps to a client that it gets later: LocalProxy, FlaskRedis.
        return client
    wanted = ("get", "set", "delete")
    if isinstance(client, type) or not all(callable(getattr(client, name, None)) for name in wanted):
        raise SessionMisconfigured(
            f"{SESSION_REDIS.name} must be {SESSION_REDIS.kind.replace('`', '')}, not {type(client).__name__}"
        )
    return client
