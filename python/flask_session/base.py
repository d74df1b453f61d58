"""Names of Flask-Session 0.7 and 0.8."""

from .defaults import Defaults
from .interface import ServerSideSessionInterface
from .serializer import MsgSpecSerializer, Serializer
from .session import ServerSideSession

__all__ = ["Defaults", "MsgSpecSerializer", "Serializer", "ServerSideSession", "ServerSideSessionInterface"]
