"""Server-side sessions for Flask, with a core in Rust."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import _installation
from ._core import __version__
from .exceptions import (
    SessionContended,
    SessionCorrupt,
    SessionError,
    SessionMisconfigured,
    SessionTooLarge,
    SessionUnexpected,
    SessionUnsupported,
    StoreFailure,
    StoreRefused,
    StoreTimedOut,
    StoreUnreachable,
)
from .extension import Session
from .interface import ServerSideSessionInterface
from .null import NullSession, NullSessionInterface
from .serializer import MsgSpecSerializer, Serializer
from .session import ServerSideSession

if TYPE_CHECKING:
    from .cachelib import CacheLibSession, CacheLibSessionInterface
    from .defaults import Defaults
    from .dynamodb import DynamoDBSession, DynamoDBSessionInterface
    from .filesystem import FileSystemSession, FileSystemSessionInterface
    from .memcached import MemcachedSession, MemcachedSessionInterface
    from .mongodb import MongoDBSession, MongoDBSessionInterface
    from .postgresql import PostgreSqlSession, PostgreSqlSessionInterface
    from .redis import RedisSession, RedisSessionInterface
    from .sessions import SessionInterface
    from .sqlalchemy import SqlAlchemySession, SqlAlchemySessionInterface

__all__ = [
    "CacheLibSession",
    "CacheLibSessionInterface",
    "Defaults",
    "DynamoDBSession",
    "DynamoDBSessionInterface",
    "FileSystemSession",
    "FileSystemSessionInterface",
    "MemcachedSession",
    "MemcachedSessionInterface",
    "MongoDBSession",
    "MongoDBSessionInterface",
    "MsgSpecSerializer",
    "NullSession",
    "NullSessionInterface",
    "PostgreSqlSession",
    "PostgreSqlSessionInterface",
    "RedisSession",
    "RedisSessionInterface",
    "Serializer",
    "ServerSideSession",
    "ServerSideSessionInterface",
    "Session",
    "SessionContended",
    "SessionCorrupt",
    "SessionError",
    "SessionInterface",
    "SessionMisconfigured",
    "SessionTooLarge",
    "SessionUnexpected",
    "SessionUnsupported",
    "SqlAlchemySession",
    "SqlAlchemySessionInterface",
    "StoreFailure",
    "StoreRefused",
    "StoreTimedOut",
    "StoreUnreachable",
    "__version__",
]

_LATER = {
    "Defaults": "defaults",
    "SessionInterface": "sessions",
    **{
        prefix + suffix: module
        for module, prefix in [
            ("cachelib", "CacheLib"),
            ("dynamodb", "DynamoDB"),
            ("filesystem", "FileSystem"),
            ("memcached", "Memcached"),
            ("mongodb", "MongoDB"),
            ("postgresql", "PostgreSql"),
            ("redis", "Redis"),
            ("sqlalchemy", "SqlAlchemy"),
        ]
        for suffix in ("Session", "SessionInterface")
    },
}
"""Names and their modules, imported when they are first asked for: a worker needs one backend."""
_MODULES = {*_LATER.values(), "_utils", "base"}


def __getattr__(name: str) -> Any:
    module = _LATER.get(name, name)
    if module not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = import_module(f"{__name__}.{module}")
    return found if module == name else getattr(found, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_MODULES})


_installation.check()
