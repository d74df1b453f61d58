"""Names of Flask-Session up to 0.6."""

from flask.sessions import SessionInterface, SessionMixin

from ._utils import total_seconds
from .filesystem import FileSystemSession, FileSystemSessionInterface
from .interface import ServerSideSessionInterface
from .memcached import MemcachedSession, MemcachedSessionInterface
from .mongodb import MongoDBSession, MongoDBSessionInterface
from .null import NullSessionInterface
from .redis import RedisSession, RedisSessionInterface
from .session import ServerSideSession
from .sqlalchemy import SqlAlchemySession, SqlAlchemySessionInterface

__all__ = [
    "FileSystemSession",
    "FileSystemSessionInterface",
    "MemcachedSession",
    "MemcachedSessionInterface",
    "MongoDBSession",
    "MongoDBSessionInterface",
    "NullSessionInterface",
    "RedisSession",
    "RedisSessionInterface",
    "ServerSideSession",
    "ServerSideSessionInterface",
    "SessionInterface",
    "SessionMixin",
    "SqlAlchemySession",
    "SqlAlchemySessionInterface",
    "total_seconds",
]
