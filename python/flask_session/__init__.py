"""Server-side sessions for Flask, with a core in Rust."""

from . import _installation
from ._core import __version__
from .cachelib import CacheLibSession, CacheLibSessionInterface
from .defaults import Defaults
from .dynamodb import DynamoDBSession, DynamoDBSessionInterface
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
from .filesystem import FileSystemSession, FileSystemSessionInterface
from .interface import ServerSideSessionInterface
from .memcached import MemcachedSession, MemcachedSessionInterface
from .mongodb import MongoDBSession, MongoDBSessionInterface
from .null import NullSession, NullSessionInterface
from .postgresql import PostgreSqlSession, PostgreSqlSessionInterface
from .redis import RedisSession, RedisSessionInterface
from .serializer import MsgSpecSerializer, Serializer
from .session import ServerSideSession
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

_installation.check()
