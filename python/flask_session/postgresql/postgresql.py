"""``PostgreSqlSessionInterface``: sessions in PostgreSQL, through a psycopg2 pool or natively by a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core import Store as CoreStore
from .._core import backends
from ..exceptions import SessionMisconfigured
from ..interface import ServerSideSessionInterface
from ..session import ServerSideSession
from ..settings import (
    SESSION_CLEANUP_N_REQUESTS,
    SESSION_ID_LENGTH,
    SESSION_KEY_PREFIX,
    SESSION_NATIVE,
    SESSION_PERMANENT,
    SESSION_SERIALIZATION_FORMAT,
    SESSION_USE_SIGNER,
    Setting,
    text,
)
from ..url import scheme
from .store import PostgreSqlStore

if TYPE_CHECKING:
    from flask import Flask

    from ..store import Store

SESSION_POSTGRESQL = Setting(
    "SESSION_POSTGRESQL",
    None,
    "a pool of psycopg2's, anything that has `getconn` and `putconn` like it, or a URL",
    "The PostgreSQL to keep sessions in. A URL needs no Python driver.",
)
SESSION_POSTGRESQL_TABLE = Setting(
    "SESSION_POSTGRESQL_TABLE", "flask_sessions", "text", "The table's name.", text
)
SESSION_POSTGRESQL_SCHEMA = Setting(
    "SESSION_POSTGRESQL_SCHEMA", "public", "text", "The schema that the table is in.", text
)
SETTINGS: tuple[Setting, ...] = (SESSION_POSTGRESQL, SESSION_POSTGRESQL_TABLE, SESSION_POSTGRESQL_SCHEMA)


class PostgreSqlSession(ServerSideSession):
    """A session kept in PostgreSQL."""


class PostgreSqlSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in a table of PostgreSQL.

    ``pool``: a pool of psycopg2's, or a URL. The other parameters are the settings of the same names.
    """

    session_class = PostgreSqlSession
    ttl = False

    def __init__(
        self,
        app: Flask | None = None,
        pool: Any = SESSION_POSTGRESQL.default,
        key_prefix: str = SESSION_KEY_PREFIX.default,
        use_signer: bool = SESSION_USE_SIGNER.default,
        permanent: bool = SESSION_PERMANENT.default,
        sid_length: int = SESSION_ID_LENGTH.default,
        serialization_format: str = SESSION_SERIALIZATION_FORMAT.default,
        table: str = SESSION_POSTGRESQL_TABLE.default,
        schema: str = SESSION_POSTGRESQL_SCHEMA.default,
        cleanup_n_requests: int | None = SESSION_CLEANUP_N_REQUESTS.default,
    ) -> None:
        self._table, self._schema = table, schema
        self._store: Store | None = None
        self._store_pool: Any = None
        self.pool: Any = _checked(pool)
        super().__init__(
            app, key_prefix, use_signer, permanent, sid_length, serialization_format, cleanup_n_requests
        )
        self._current_store()

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        return {
            "pool": SESSION_POSTGRESQL.read(config),
            "table": SESSION_POSTGRESQL_TABLE.read(config),
            "schema": SESSION_POSTGRESQL_SCHEMA.read(config),
        }

    @classmethod
    def _arguments_from_url(cls, url: str, config: Any) -> dict[str, Any]:
        SESSION_POSTGRESQL.refuse_beside_url(config)
        return {**cls._arguments_from(config), "pool": url}

    def _current_store(self) -> Store:
        if self._store is None or self.pool is not self._store_pool:
            self._touches = None
            pool = _checked(self.pool)
            if not isinstance(pool, str):
                self._store = PostgreSqlStore(pool, self._table, self._schema)
            elif self.native:
                self._store = CoreStore.open(
                    pool, layout="postgresql", table=self._table, schema=self._schema
                )
            else:
                raise SessionMisconfigured(
                    f"{SESSION_NATIVE.name} is off: SESSION_POSTGRESQL must then be a pool"
                )
            self._store_pool = self.pool
        return self._store


def _checked(pool: Any) -> Any:
    """``pool`` if sessions can be kept through it. Raises SessionMisconfigured."""
    if isinstance(pool, str):
        if scheme(pool) not in dict(backends())["postgresql"]:
            # Not the text itself: it may hold a password.
            raise SessionMisconfigured(
                f"{SESSION_POSTGRESQL.name} is text but not a URL such as postgresql://user@host/database"
            )
        return pool
    wanted = ("getconn", "putconn")
    if isinstance(pool, type) or not all(callable(getattr(pool, name, None)) for name in wanted):
        kind = SESSION_POSTGRESQL.kind.replace("`", "")
        raise SessionMisconfigured(f"{SESSION_POSTGRESQL.name} must be {kind}, not {type(pool).__name__}")
    return pool
