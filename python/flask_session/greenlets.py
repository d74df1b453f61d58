"""Native stores under gevent and eventlet: operations run in threads, where a wait stops no greenlet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from weakref import WeakKeyDictionary

from . import store as stores

if TYPE_CHECKING:
    from ._core import Codec, Commit, Record
    from ._core import Store as NativeStore

THREADS = 64
"""At most, for each hub of gevent; made when that many operations are under way at once."""

Result = TypeVar("Result")


def under_greenlets() -> Literal["gevent", "eventlet"] | None:
    """Whose sockets these are, if not the system's: a wait in native code would then stop every greenlet."""
    # Asked on every request: nothing is called unless one of the two is there.
    modules = sys.modules
    gevent = modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("socket"):
        return "gevent"
    eventlet = modules.get("eventlet.patcher")
    if eventlet is not None and eventlet.is_monkey_patched("socket"):
        return "eventlet"
    return None


class InThreads:
    """Asks a native store from other threads, while the greenlet that asks lets others run."""

    def __init__(self, store: NativeStore) -> None:
        self.store = store

    @property
    def name(self) -> str:
        """The backend, for messages."""
        return self.store.name

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """What concurrent writers can rely on, as far as it is known by now."""
        return self.store.guarantee

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """See ``Store.load``."""
        return _elsewhere(self.store.load, codec, key, refresh)

    def commit(self, commit: Commit, ttl: float) -> None:
        """See ``Store.commit``."""
        _elsewhere(self.store.commit, commit, ttl)

    def touch(self, key: str, ttl: float) -> bool:
        """See ``Store.touch``."""
        return _elsewhere(self.store.touch, key, ttl)

    def get(self, key: str) -> bytes | None:
        """See ``Store.get``."""
        return _elsewhere(self.store.get, key)

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """See ``Store.put``."""
        _elsewhere(self.store.put, key, payload, ttl)

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """See ``Store.examine``."""
        return _elsewhere(self.store.examine, key)

    def replace(self, key: str, payload: bytes, ttl: float, expected: bytes | None) -> bool:
        """See ``Store.replace``."""
        return _elsewhere(self.store.replace, key, payload, ttl, expected)

    def delete(self, key: str) -> bool:
        """See ``Store.delete``."""
        return _elsewhere(self.store.delete, key)

    def sweep(self, limit: int = 1000) -> int:
        """See ``Store.sweep``."""
        return _elsewhere(self.store.sweep, limit)

    def take_notices(self) -> list[tuple[bool, str]]:
        """See ``Store.take_notices``."""
        return self.store.take_notices()

    def keys(self, prefix: str) -> Iterator[str]:
        """See ``store.keys``."""
        return stores.keys(self.store, prefix)


def _elsewhere(operation: Callable[..., Result], *arguments: Any) -> Result:
    if under_greenlets() == "eventlet":
        from eventlet import tpool

        result: Result = tpool.execute(operation, *arguments)
    else:
        result = _gevent_threads().apply(operation, arguments)
    return result


# Not the hub's own pool: it has ten threads, and looks up the application's host names with them.
_pools: WeakKeyDictionary[Any, tuple[int, Any]] = WeakKeyDictionary()


def _gevent_threads() -> Any:
    """The threads for this hub, in this process: a forked child has its parent's hub, and no threads."""
    from gevent import get_hub
    from gevent.threadpool import ThreadPool

    hub = get_hub()
    process, pool = _pools.get(hub, (0, None))
    if process != os.getpid():
        pool = ThreadPool(THREADS, hub)
        _pools[hub] = (os.getpid(), pool)
    return pool
