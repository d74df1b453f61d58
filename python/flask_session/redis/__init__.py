"""Sessions in Redis."""

from .redis import RedisSession, RedisSessionInterface

__all__ = ["RedisSession", "RedisSessionInterface"]
