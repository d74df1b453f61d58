"""``MongoDBSessionInterface``: sessions in MongoDB, as Flask-Session keeps them there."""

from __future__ import annotations

import logging
import os
import warnings
from typing import TYPE_CHECKING, Any, overload

from .._core import Store as CoreStore
from ..constructors import arguments
from ..exceptions import SessionMisconfigured
from ..interface import ServerSideSessionInterface
from ..session import ServerSideSession
from ..settings import SESSION_NATIVE, Setting, text
from .store import MongoDBStore
from .translate import Native, translate

if TYPE_CHECKING:
    from flask import Flask

    from ..store import Store

LOCALHOST = "mongodb://127.0.0.1:27017/"

SESSION_MONGODB = Setting(
    "SESSION_MONGODB",
    None,
    "a `pymongo.MongoClient`, anything that behaves like one, or a URL",
    "The MongoDB to keep sessions in. URLs are `mongodb://user:password@host:port/database` and "
    "`mongodb+srv://...`; they need no Python driver.",
    default_text="127.0.0.1:27017",
)
SESSION_MONGODB_DB = Setting(
    "SESSION_MONGODB_DB",
    "flask_session",
    "text",
    "The database's name. Where it isn't set, one that the URL in SESSION_MONGODB names goes first.",
    text,
)
SESSION_MONGODB_COLLECT = Setting(
    "SESSION_MONGODB_COLLECT", "sessions", "text", "The collection's name.", text
)
SETTINGS: tuple[Setting, ...] = (SESSION_MONGODB, SESSION_MONGODB_DB, SESSION_MONGODB_COLLECT)

_CURRENT = (
    "app",
    "client",
    "key_prefix",
    "use_signer",
    "permanent",
    "sid_length",
    "serialization_format",
    "db",
    "collection",
)
_OLDER = ("client", "db", "collection", "key_prefix", "use_signer", "permanent", "sid_length")

logger = logging.getLogger("flask_session")


class MongoDBSession(ServerSideSession):
    """A session kept in MongoDB."""


class MongoDBSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in a collection of MongoDB.

    ``client``: a ``pymongo.MongoClient``, anything that behaves like one, or a URL; None means
    127.0.0.1:27017. ``db`` and ``collection``: their names. The other parameters are the settings of the same
    names.
    """

    session_class = MongoDBSession
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
            db: str | None = ...,
            collection: str = ...,
        ) -> None: ...
        @overload
        def __init__(
            self,
            client: Any,
            db: str,
            collection: str,
            key_prefix: str,
            use_signer: bool = ...,
            permanent: bool = ...,
            sid_length: int = ...,
        ) -> None: ...

    def __init__(self, *positional: Any, **keywords: Any) -> None:
        given = arguments("MongoDBSessionInterface", _CURRENT, _OLDER, positional, keywords)
        self._opened: Store | None = None
        self._opened_for: Any = None
        self._made: tuple[int, Any, Any] | None = None
        self._assigned_store: Any = None
        self._process = os.getpid()
        self._database: str | None = given.pop("db", None)
        self._collection: str = given.pop("collection", SESSION_MONGODB_COLLECT.default)
        self._configured = _checked(given.pop("client", None))
        if self._configured is None:
            warnings.warn(
                "No valid MongoClient instance provided, attempting to create a new instance on localhost "
                "with default settings.",
                RuntimeWarning,
                stacklevel=2,
            )
            self._configured = LOCALHOST
        super().__init__(**given)

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        named = SESSION_MONGODB_DB.given(config)
        return {
            "client": SESSION_MONGODB.read(config),
            "db": SESSION_MONGODB_DB.read(config) if named else None,
            "collection": SESSION_MONGODB_COLLECT.read(config),
        }

    @classmethod
    def _arguments_from_url(cls, url: str, config: Any) -> dict[str, Any]:
        SESSION_MONGODB.refuse_beside_url(config)
        return {**cls._arguments_from(config), "client": url}

    @property
    def client(self) -> Any:
        """The client that was configured; for a URL, a pymongo client made on demand, one in each process."""
        if not isinstance(self._configured, str):
            return self._configured
        return self._own_client()

    @client.setter
    def client(self, client: Any) -> None:
        self._configured = _checked(client)
        self._assigned_store = None
        self._made = None
        self._process = os.getpid()

    @property
    def db(self) -> Any:
        """The database, as the client's object for it."""
        return self._database_of(self.client)

    @property
    def store(self) -> Any:
        """The collection, as the client's object for it."""
        if self._assigned_store is not None:
            return self._assigned_store
        return self.db[self._collection]

    @store.setter
    def store(self, store: Any) -> None:
        self._assigned_store = store

    def _database_of(self, client: Any) -> Any:
        if self._database is None and isinstance(self._configured, str):
            return client.get_default_database(SESSION_MONGODB_DB.default)
        return client[self._database or SESSION_MONGODB_DB.default]

    def _current_store(self) -> Store:
        wanted = self._configured if self._assigned_store is None else self._assigned_store
        if self._opened is None or wanted is not self._opened_for:
            self._touches = None
            self._opened = self._open_store()
            self._opened_for = wanted
        return self._opened

    def _open_store(self) -> Store:
        configured = self._configured
        if self._assigned_store is not None or not self.native:
            return MongoDBStore(self._store_of_this_process)
        if isinstance(configured, str):
            return self._native(configured, self._database)
        found = translate(configured)
        if isinstance(found, Native):
            logger.info("Sessions use native connections to MongoDB with the settings of SESSION_MONGODB.")
            return self._native(found.url, self._database or SESSION_MONGODB_DB.default)
        logger.info("Sessions go through the client in SESSION_MONGODB itself: %s.", found.reason)
        return MongoDBStore(self._store_of_this_process)

    def _native(self, url: str, database: str | None) -> Store:
        return CoreStore.open(url, database=database, collection=self._collection)

    def _store_of_this_process(self) -> Any:
        """The collection. A forked child has a client of its own: pymongo's don't work on both sides."""
        forked = not isinstance(self._configured, str) and os.getpid() != self._process
        if self._assigned_store is not None or not forked:
            return self.store
        return self._database_of(self._own_client())[self._collection]

    def _own_client(self) -> Any:
        """A client that this process made, of the URL or like the one that was configured."""
        configured, made = self._configured, self._made
        if made is None or made[0] != os.getpid() or made[1] is not configured:
            client = _client_of(configured) if isinstance(configured, str) else _like(configured)
            self._made = made = (os.getpid(), configured, client)
        return made[2]


def _checked(client: Any) -> Any:
    """``client`` if sessions can be kept through it. Raises SessionMisconfigured."""
    if client is None:
        return None
    if isinstance(client, str):
        if not client.startswith(("mongodb://", "mongodb+srv://")):
            raise SessionMisconfigured(
                "SESSION_MONGODB is text but not a URL such as mongodb://host:27017/database"
            )
        return client
    kind = type(client)
    asynchronous = kind.__name__.startswith("Async") or kind.__module__.partition(".")[0] == "motor"
    if isinstance(client, type) or asynchronous or not callable(getattr(kind, "get_database", None)):
        raise SessionMisconfigured(
            f"{SESSION_MONGODB.name} must be {SESSION_MONGODB.kind.replace('`', '')}, not {kind.__name__}"
        )
    return client


def _client_of(url: str) -> Any:
    try:
        import pymongo
    except ImportError:
        raise SessionMisconfigured(
            f"a Python client for SESSION_MONGODB needs the package pymongo; without it, leave "
            f"{SESSION_NATIVE.name} on"
        ) from None
    return pymongo.MongoClient(url)


def _like(client: Any) -> Any:
    """Another client with the same settings; where there is no way to make one, the same."""
    duplicate = getattr(type(client), "_duplicate", None)
    return duplicate(client) if callable(duplicate) else client
