"""Names of Flask-Session up to 0.6."""

from flask.sessions import SessionInterface, SessionMixin

from ._utils import total_seconds
from .filesystem import FileSystemSession, FileSystemSessionInterface
from .interface import ServerSideSessionInterface
from .null import NullSessionInterface
from .redis import RedisSession, RedisSessionInterface
from .session import ServerSideSession

__all__ = [
    "FileSystemSession",
    "FileSystemSessionInterface",
    "NullSessionInterface",
    "RedisSession",
    "RedisSessionInterface",
    "ServerSideSession",
    "ServerSideSessionInterface",
    "SessionInterface",
    "SessionMixin",
    "total_seconds",
]
