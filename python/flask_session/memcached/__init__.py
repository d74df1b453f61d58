"""Sessions in memcached."""

from .memcached import MemcachedSession, MemcachedSessionInterface

__all__ = ["MemcachedSession", "MemcachedSessionInterface"]
