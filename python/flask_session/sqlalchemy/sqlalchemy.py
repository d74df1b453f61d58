"""``SqlAlchemySessionInterface``: sessions in a database, as Flask-Session keeps them there."""

from __future__ import annotations

import logging
import os
import warnings
import weakref
from typing import TYPE_CHECKING, Any, cast, overload

from .._core import Store as CoreStore
from .._core import backends
from ..constructors import arguments
from ..exceptions import SessionMisconfigured
from ..interface import ServerSideSessionInterface
from ..session import ServerSideSession
from ..settings import SESSION_CLEANUP_N_REQUESTS, SESSION_NATIVE, Setting, flag, text
from ..translation import Native
from .application import application

if TYPE_CHECKING:
    from flask import Flask

    from ..store import Store
    from .client import Engines
    from .store import SqlStore

SESSION_SQLALCHEMY = Setting(
    "SESSION_SQLALCHEMY",
    None,
    "a `flask_sqlalchemy.SQLAlchemy`, or a URL",
    "The database to keep sessions in. Without it, the object that the application has registered, or a new "
    "one.",
    default_text="the application's",
)
SESSION_SQLALCHEMY_TABLE = Setting("SESSION_SQLALCHEMY_TABLE", "sessions", "text", "The table's name.", text)
SESSION_SQLALCHEMY_SEQUENCE = Setting(
    "SESSION_SQLALCHEMY_SEQUENCE", None, "text", "The sequence that numbers the rows, if any.", text
)
SESSION_SQLALCHEMY_SCHEMA = Setting(
    "SESSION_SQLALCHEMY_SCHEMA", None, "text", "The schema that the table is in.", text
)
SESSION_SQLALCHEMY_BIND_KEY = Setting(
    "SESSION_SQLALCHEMY_BIND_KEY", None, "text", "Which of SQLALCHEMY_BINDS has the table.", text
)
SESSION_SQLALCHEMY_TABLE_EXISTS = Setting(
    "SESSION_SQLALCHEMY_TABLE_EXISTS",
    False,
    "True or False",
    "Whether the table is made by somebody else (a migration, `flask session init-db`): then it is never "
    "made here. Otherwise it is made when a session is first read or written, if it isn't there.",
    flag,
)
SETTINGS: tuple[Setting, ...] = (
    SESSION_SQLALCHEMY,
    SESSION_SQLALCHEMY_TABLE,
    SESSION_SQLALCHEMY_SEQUENCE,
    SESSION_SQLALCHEMY_SCHEMA,
    SESSION_SQLALCHEMY_BIND_KEY,
    SESSION_SQLALCHEMY_TABLE_EXISTS,
)

_CURRENT = (
    "app",
    "client",
    "key_prefix",
    "use_signer",
    "permanent",
    "sid_length",
    "serialization_format",
    "table",
    "sequence",
    "schema",
    "bind_key",
    "cleanup_n_requests",
)
_0_6 = (
    "app",
    "client",
    "table",
    "sequence",
    "schema",
    "bind_key",
    "key_prefix",
    "use_signer",
    "permanent",
    "sid_length",
)
_0_5 = ("app", "client", "table", "key_prefix", "use_signer", "permanent")


logger = logging.getLogger("flask_session")

_NEVER_LOOKED = object()


class SqlAlchemySession(ServerSideSession):
    """A session kept in a database."""


def create_session_model(
    db: Any,
    table_name: str,
    schema: str | None = None,
    bind_key: str | None = None,
    sequence: str | None = None,
) -> Any:
    """The model of the table of sessions; the one that ``db`` has of this table already, if it has one.

    For queries, ``db.create_all()`` and migrations; sessions themselves don't go through it.
    """
    from .client import metadata_of
    from .table import columns

    metadata = metadata_of(db, bind_key)
    schema_of_table = schema or getattr(metadata, "schema", None)
    known = (
        None
        if metadata is None
        else metadata.tables.get(table_name if schema_of_table is None else f"{schema_of_table}.{table_name}")
    )
    mappers = list(db.Model.registry.mappers)
    for mapper in mappers:
        if known is not None and mapper.local_table is known:
            return mapper.class_

    def initialise(self: Any, session_id: str, data: Any, expiry: Any) -> None:
        self.session_id = session_id
        self.data = data
        self.expiry = expiry

    def represent(self: Any) -> str:
        return f"<Session {self.id}>"

    # One name may stand for one model only, where relationships name it as text.
    is_taken = any(mapper.class_.__name__ == "Session" for mapper in mappers)
    attributes: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": "A row of the table of sessions.",
        "__bind_key__": bind_key,
        "__init__": initialise,
        "__repr__": represent,
    }
    if known is not None:
        attributes["__table__"] = known
    else:
        attributes["__tablename__"] = table_name
        attributes["__table_args__"] = {"schema": schema} if schema else {}
        attributes.update(columns(sequence))
    return type(f"Session_{table_name}" if is_taken else "Session", (db.Model,), attributes)


class SqlAlchemySessionInterface(ServerSideSessionInterface):
    """Keeps sessions in a database, on connections of its own: never in the application's ``db.session``.

    ``client``: a ``flask_sqlalchemy.SQLAlchemy``, or a URL. ``table``, ``sequence``, ``schema`` and
    ``bind_key`` are SESSION_SQLALCHEMY_TABLE and so on. The other parameters are the settings of the same
    names.
    """

    session_class = SqlAlchemySession
    ttl = False

    client: Any
    """The Flask-SQLAlchemy object; None where a URL was configured."""

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
            table: str = ...,
            sequence: str | None = ...,
            schema: str | None = ...,
            bind_key: str | None = ...,
            cleanup_n_requests: int | None = ...,
        ) -> None: ...
        @overload
        def __init__(
            self,
            app: Flask | None,
            db: Any,
            table: str,
            key_prefix: str,
            use_signer: bool = ...,
            permanent: bool = ...,
        ) -> None: ...
        @overload
        def __init__(
            self,
            app: Flask | None,
            db: Any,
            table: str,
            sequence: str | None,
            schema: str | None,
            bind_key: str | None,
            key_prefix: str,
            use_signer: bool = ...,
            permanent: bool = ...,
            sid_length: int = ...,
        ) -> None: ...

    def __init__(self, *positional: Any, **keywords: Any) -> None:
        if "db" in keywords:
            keywords["client"] = keywords.pop("db")
        names = _order(positional, keywords)
        given = arguments("SqlAlchemySessionInterface", names, names, positional, keywords)
        client = given.pop("client", None)
        self.table = given.pop("table", SESSION_SQLALCHEMY_TABLE.default)
        self.sequence = given.pop("sequence", None)
        self.schema = given.pop("schema", None)
        self.bind_key = given.pop("bind_key", None)
        app = given.get("app")
        self._table_exists = SESSION_SQLALCHEMY_TABLE_EXISTS.read({} if app is None else app.config)
        self._store: Store | None = None
        self._store_client: Any = None
        self._natives: weakref.WeakKeyDictionary[Any, Store | None] = weakref.WeakKeyDictionary()
        self._engines: Engines  # of the client that the store was opened with
        self._url: str | None = client if isinstance(client, str) else None
        self.client = None if self._url is not None else _checked(client, app)
        self.sql_session_model: Any = self._model()
        super().__init__(**given)
        self._configured_store()

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        return {
            "client": SESSION_SQLALCHEMY.read(config),
            "table": SESSION_SQLALCHEMY_TABLE.read(config),
            "sequence": SESSION_SQLALCHEMY_SEQUENCE.read(config),
            "schema": SESSION_SQLALCHEMY_SCHEMA.read(config),
            "bind_key": SESSION_SQLALCHEMY_BIND_KEY.read(config),
            "cleanup_n_requests": SESSION_CLEANUP_N_REQUESTS.read(config),
        }

    @classmethod
    def _arguments_from_url(cls, url: str, config: Any) -> dict[str, Any]:
        SESSION_SQLALCHEMY.refuse_beside_url(config)
        return {**cls._arguments_from(config), "client": url}

    @property
    def db(self) -> Any:
        """The client, as it was called until 0.6."""
        return self.client

    @db.setter
    def db(self, client: Any) -> None:
        self.client = client

    def _model(self) -> Any:
        """The model, or None where there is a URL and no Flask-SQLAlchemy object."""
        if self.client is None:
            return None
        return create_session_model(self.client, self.table, self.schema, self.bind_key, self.sequence)

    def _current_store(self) -> Store:
        store = self._configured_store()
        if self.client is None or not self.native:
            return store
        return self._native_store() or store

    def _configured_store(self) -> Store:
        client = self.client
        if self._store is None or client is not self._store_client:
            if self._store is not None:
                _checked(client, self.app)
                self.sql_session_model = self._model()
                self._touches = None
            self._natives.clear()
            self._store = self._open_store(client)
            self._store_client = client
        return self._store

    def _native_store(self) -> Store | None:
        """Native connections in place of the engine's, if they can stand in for them."""
        try:
            engine = self._engines.find(self.bind_key, self._application())
        except (RuntimeError, SessionMisconfigured):
            # Too early, or wrong: the other store says so once it is used.
            return None
        found: Any = self._natives.get(engine, _NEVER_LOOKED)
        if found is _NEVER_LOOKED:
            # Not before the first use: until then the application may still listen to its engine's events.
            found = self._natives[engine] = self._open_in_place_of(engine)
        return cast("Store | None", found)

    def _application(self) -> Flask | None:
        """Whose engines keep the sessions: the current application's, if it has this interface."""
        current: Flask | None = application()
        if self.app is None or (current is not None and current.session_interface is self):
            return current
        return self.app

    def _open_in_place_of(self, engine: Any) -> Store | None:
        from sqlalchemy import event

        from .translate import translate

        table = self.sql_session_model.__table__
        found = translate(engine, table)
        if not isinstance(found, Native):
            logger.info("Sessions go through connections of SESSION_SQLALCHEMY's engine: %s.", found.reason)
            return None
        logger.info(
            "Sessions use native connections to %s with the settings of SESSION_SQLALCHEMY's engine.",
            found.url.partition("?")[0],
        )
        natives, process = self._natives, os.getpid()

        @event.listens_for(engine, "engine_disposed", once=True)
        def close(disposed: Any) -> None:
            # A child must leave its parent's connections alone.
            if os.getpid() == process:
                natives.pop(disposed, None)

        return CoreStore.open(
            found.url,
            table=table.name,
            schema=table.schema,
            sequence=self.sequence,
            create=not self._table_exists,
            **found.options,
        )

    def _open_store(self, client: Any) -> Store:
        if client is None and self._url is not None and self.native:
            known = [scheme for _, schemes in backends() for scheme in schemes]
            scheme = self._url.partition(":")[0]
            # Two copies of SQLite that have one file open in one process corrupt it.
            if scheme in known and not _opens_the_same_file(self.app, self._url):
                return CoreStore.open(
                    self._url,
                    table=self.table,
                    schema=self.schema,
                    sequence=self.sequence,
                    create=not self._table_exists,
                )
        return self._open_sql_store(client)

    def _open_sql_store(self, client: Any) -> SqlStore:
        """The store that goes through SQLAlchemy."""
        try:
            from .client import Engines, engine_for, session_of
            from .store import SqlStore
            from .table import table_alone
        except ImportError:
            raise SessionMisconfigured(_needs("SQLAlchemy")) from None
        creates = not self._table_exists
        if client is None:
            table = table_alone(self.table, self.schema, self.sequence)
            return SqlStore(engine_for(self._url or ""), table, lambda: None, creates=creates)
        engines = self._engines = Engines(client)
        return SqlStore(
            lambda: engines.find(self.bind_key, self._application()),
            self.sql_session_model.__table__,
            lambda: session_of(client),
            creates=creates,
        )

    def _begin_sweep(self) -> None:
        if getattr(self._current_store(), "shares_a_connection", False):
            # Another thread would do it in the midst of what this application does on that connection.
            self._delete_expired_sessions()
        else:
            super()._begin_sweep()

    def _ddl(self) -> list[str]:
        """The statements that make the table."""
        return self._open_sql_store(self.client).ddl()

    def _create_table(self) -> bool:
        """Makes the table; False if it was there already."""
        return self._open_sql_store(self.client).create()


def _opens_the_same_file(app: Flask | None, url: str) -> bool:
    """Whether the application has configured an SQLite file of that name for itself."""
    config: Any = {} if app is None else app.config
    binds = config.get("SQLALCHEMY_BINDS") or {}
    used = [config.get("SQLALCHEMY_DATABASE_URI"), *binds.values()]
    places = [str(place.get("url") if isinstance(place, dict) else place) for place in used]
    files = {_file_name(place) for place in places if place.startswith("sqlite")}
    return url.startswith("sqlite") and _file_name(url) in files


def _file_name(url: str) -> str:
    # Only the last part: what a relative path begins at differs.
    return url.partition("?")[0].rpartition("/")[2]


def _order(positional: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[str, ...]:
    """The parameters in the order of the release that these arguments were written for.

    The third is a prefix today and was the table until 0.6; the fourth is True or False today and was text
    or None.
    """
    fourth = positional[3] if len(positional) > 3 else None
    is_older = (
        not isinstance(fourth, (bool, int))
        if len(positional) > 3
        else len(positional) == 3 and "key_prefix" in keywords
    )
    if not is_older:
        return _CURRENT
    older = _0_6 if len(positional) > 6 else _0_5
    return older + tuple(name for name in _CURRENT if name not in older)


def _checked(client: Any, app: Flask | None) -> Any:
    """``client`` if sessions can be kept through it. Raises SessionMisconfigured."""
    try:
        from .client import is_client, registered
    except ImportError:
        raise SessionMisconfigured(_needs("SQLAlchemy")) from None
    if client is None:
        client = registered(app)
    if client is None:
        try:
            from flask_sqlalchemy import SQLAlchemy
        except ImportError:
            raise SessionMisconfigured(_needs("Flask-SQLAlchemy")) from None
        warnings.warn(
            "No valid SQLAlchemy instance provided, attempting to create a new instance on localhost with "
            "default settings.",
            RuntimeWarning,
            stacklevel=4,
        )
        client = SQLAlchemy(app)
    if not is_client(client):
        raise SessionMisconfigured(
            f"{SESSION_SQLALCHEMY.name} must be {SESSION_SQLALCHEMY.kind.replace('`', '')}, not "
            f"{type(client).__name__}"
        )
    return client


def _needs(package: str) -> str:
    return (
        f"sessions through SESSION_SQLALCHEMY need the package {package}; a URL with {SESSION_NATIVE.name} "
        "on needs none"
    )
