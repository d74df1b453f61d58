"""Sessions in any cachelib cache."""

from .cachelib import CacheLibSession, CacheLibSessionInterface

__all__ = ["CacheLibSession", "CacheLibSessionInterface"]
