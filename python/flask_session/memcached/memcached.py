"""``MemcachedSessionInterface``: sessions in memcached, as Flask-Session keeps them there."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from typing import TYPE_CHECKING, Any, Protocol, overload

from .._core import Store as CoreStore
from ..constructors import arguments
from ..exceptions import SessionMisconfigured
from ..interface import ServerSideSessionInterface
from ..session import ServerSideSession
from ..settings import Setting
from ..translation import Native
from .clients import store_of
from .servers import client_of, urls
from .translate import translate

if TYPE_CHECKING:
    from flask import Flask

    from ..store import Store

LOCALHOST = "memcached://127.0.0.1:11211"

SESSION_MEMCACHED = Setting(
    "SESSION_MEMCACHED",
    None,
    "a client of python-memcached, pylibmc, pymemcache or libmc, anything that has `get`, `set` and `delete` "
    "like them, a URL, or a list of servers",
    "The memcached to keep sessions in. URLs are `memcached://host:port` and `memcached+unix:///path`; one "
    "server needs no Python driver.",
    default_text="127.0.0.1:11211",
)
SETTINGS: tuple[Setting, ...] = (SESSION_MEMCACHED,)

_CURRENT = ("app", "client", "key_prefix", "use_signer", "permanent", "sid_length", "serialization_format")
_OLDER = ("client", "key_prefix", "use_signer", "permanent", "sid_length")

logger = logging.getLogger("flask_session")


class MemcacheClientProtocol(Protocol):
    """What a client of memcached has at least; the name is Flask-Session's."""

    def get(self, key: str) -> bytes | None:
        """What is stored under ``key``."""

    def set(self, key: str, value: bytes, timeout: int) -> bool:
        """Stores ``value`` for that many seconds."""

    def delete(self, key: str) -> bool:
        """Removes ``key``."""


class MemcachedSession(ServerSideSession):
    """A session kept in memcached."""


class MemcachedSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in memcached.

    ``client``: a client object, a URL or a list of servers; None means 127.0.0.1:11211. The other parameters
    are the settings of the same names.
    """

    session_class = MemcachedSession
    ttl = True

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
            client: Any,
            key_prefix: str,
            use_signer: bool = ...,
            permanent: bool = ...,
            sid_length: int = ...,
        ) -> None: ...

    def __init__(self, *positional: Any, **keywords: Any) -> None:
        given = arguments("MemcachedSessionInterface", _CURRENT, _OLDER, positional, keywords)
        self._store: Store | None = None
        self._store_client: Any = None
        self._own_client: Any = None
        self._opening = threading.Lock()
        self._process = os.getpid()
        self._configured = _checked(given.pop("client", None))
        if self._configured is None:
            warnings.warn(
                "No valid memcache.Client instance provided, attempting to create a new instance on "
                "localhost with default settings.",
                RuntimeWarning,
                stacklevel=2,
            )
            self._configured = (LOCALHOST,)
        super().__init__(**given)

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        return {"client": SESSION_MEMCACHED.read(config)}

    @classmethod
    def _arguments_from_url(cls, url: str, config: Any) -> dict[str, Any]:
        SESSION_MEMCACHED.refuse_beside_url(config)
        return {"client": url}

    @property
    def client(self) -> Any:
        """The client object that was configured; for servers, a Python client made on demand."""
        if not isinstance(self._configured, tuple):
            return self._configured
        if self._own_client is None:
            self._own_client = client_of(self._configured)
        return self._own_client

    @client.setter
    def client(self, client: Any) -> None:
        self._configured = _checked(client)
        self._own_client = None
        self._process = os.getpid()

    def _current_store(self) -> Store:
        store = self._store
        if store is None or self._configured is not self._store_client:
            # One store for all threads: its lock is what keeps them apart on one client.
            with self._opening:
                configured = self._configured
                if self._store is None or configured is not self._store_client:
                    self._touches = None
                    self._store = self._open_store(configured)
                    self._store_client = configured
                store = self._store
        return store

    def _open_store(self, configured: Any) -> Store:
        if isinstance(configured, tuple):
            if self.native and len(configured) == 1:
                return CoreStore.open(configured[0])
            return store_of(self.client, self._process)
        if self.native:
            found = translate(configured)
            if isinstance(found, Native):
                logger.info(
                    "Sessions use native connections to %s with the settings of SESSION_MEMCACHED.", found.url
                )
                return CoreStore.open(found.url, **found.options)
            logger.info("Sessions go through the client in SESSION_MEMCACHED itself: %s.", found.reason)
        return store_of(configured, self._process)


def _checked(client: Any) -> Any:
    """``client`` if sessions can be kept through it, servers as URLs. Raises SessionMisconfigured."""
    if client is None:
        return None
    if isinstance(client, (str, list, tuple)):
        found = urls(client)
        for url in found:
            CoreStore.open(url)
        return found
    wanted = ("get", "set", "delete")
    if isinstance(client, type) or not all(callable(getattr(client, name, None)) for name in wanted):
        raise SessionMisconfigured(
            f"{SESSION_MEMCACHED.name} must be {SESSION_MEMCACHED.kind.replace('`', '')}, "
            f"not {type(client).__name__}"
        )
    return client
