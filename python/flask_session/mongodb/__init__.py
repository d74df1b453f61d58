"""Sessions in MongoDB."""

from .mongodb import MongoDBSession, MongoDBSessionInterface

__all__ = ["MongoDBSession", "MongoDBSessionInterface"]
