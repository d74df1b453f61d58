"""Sessions through a Python client of memcached: several servers, settings of its own, a subclass, a mock.

Clients of known libraries compare before they write where they really send cas. Any other gets exactly
Flask-Session 0.8's calls.
"""

from __future__ import annotations

import os
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from .._core import Codec, Record, too_large
from ..exceptions import SessionUnexpected, StoreUnreachable
from ..foreign import NEED_HOOKS, PlainStore
from .servers import settings_of, urls

if TYPE_CHECKING:
    from .._core import Mode

LONGEST_RELATIVE = 30 * 24 * 3600
"""Up to so many seconds memcached counts from now; what is larger is a date."""
LAST_DATE = 2**31 - 1
"""In 2038. A later one is negative to the server, that is, past."""
LONG_AGO = LONGEST_RELATIVE + 1
"""A date in 1970: what is stored until then has expired."""
USUAL_LIMIT = 1024 * 1024
"""Bytes of the largest item, where the server doesn't say."""
OVERHEAD = 320
"""Bytes that an item takes beside its payload, at most."""
SURELY_FITS = 16 * 1024
"""Bytes of payload for which no server is asked what it takes."""

Verb = Literal["set", "add", "replace"]


def expiry(ttl: float) -> int:
    """The server's number for a life of so many seconds; 0 would mean for ever."""
    seconds = max(int(ttl), 1)
    return seconds if seconds <= LONGEST_RELATIVE else min(int(time.time()) + seconds, LAST_DATE)


class PlainClient(PlainStore):
    """A client that has only get, set and delete, or that replaces one of them. The last writer wins."""

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there. Raises StoreUnreachable if the client says that it didn't."""
        stored = self.client.set(key, payload, expiry(ttl))
        # Unknown clients may say nothing: None.
        if stored is not None and not stored:
            raise _not_stored()


NEED_HOOKS.add(PlainClient)


class MemcachedClient(PlainClient):
    """A client of a known library."""

    compares = True

    def __init__(self, client: Any, process: int) -> None:
        """``process``: where the client was made; it may be connected there."""
        super().__init__(client)
        self._process = process
        self._limit: int | None = None

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """``merge`` where the client really sends cas."""
        return "merge" if self.compares else "overwrite"

    # What libraries do differently

    @contextmanager
    def _held(self) -> Iterator[Any]:
        """The client, connected in this process, and used by nobody else meanwhile if it can't be shared."""
        yield self.client

    def _gets(self, client: Any, key: str) -> tuple[Any, Any]:
        """The payload or None, and what ``_cas`` must be given."""
        found: tuple[Any, Any] = client.gets(key) or (None, None)
        return found

    def _cas(self, client: Any, key: str, payload: bytes, mark: Any, until: int) -> bool:
        return bool(client.cas(key, payload, mark, until))

    def _write(self, client: Any, verb: Verb, key: str, payload: bytes, until: int) -> bool:
        return bool(getattr(client, verb)(key, payload, until))

    def _check(self, client: Any) -> None:
        """Raises StoreUnreachable if the client has kept an error to itself."""

    @abstractmethod
    def _settings(self, client: Any) -> Iterator[Any]:
        """What each server answers to "stats settings", as a mapping."""

    # What a store does

    def get(self, key: str) -> bytes | None:
        """The stored bytes."""
        with self._held() as client:
            payload: bytes | None = self._checked(client, _bytes(client.get(key)))
            return payload

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there. Raises SessionTooLarge, StoreUnreachable."""
        with self._held() as client:
            if not self._sent(client, payload, lambda: self._write(client, "set", key, payload, expiry(ttl))):
                raise _not_stored()

    def delete(self, key: str) -> bool:
        """Forgets ``key``."""
        with self._held() as client:
            return bool(self._checked(client, self._delete(client, key)))

    def _delete(self, client: Any, key: str) -> Any:
        return client.delete(key)

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live."""
        with self._held() as client:
            return bool(self._checked(client, self._touch(client, key, expiry(ttl))))

    def _touch(self, client: Any, key: str, until: int) -> Any:
        return client.touch(key, until)

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record; ``refresh`` restarts its time to live."""
        payload = self.get(key)
        if payload is not None and refresh is not None and not self.touch(key, refresh):
            return None
        return codec.record(payload) if payload else None

    def _save(self, key: str, payload: bytes, mode: Mode, revision: bytes | None, ttl: float) -> bool:
        if mode == "anything":
            self.put(key, payload, ttl)
            return True
        until = expiry(ttl)
        with self._held() as client:
            if mode == "absent" or revision is None:
                return self._sent(client, payload, lambda: self._write(client, "add", key, payload, until))
            if not self.compares:
                # Writes only what exists, so that at least nobody who has logged out comes back.
                return self._sent(
                    client, payload, lambda: self._write(client, "replace", key, payload, until)
                )
            found, mark = self._gets(client, key)
            if self._checked(client, _bytes(found)) != revision:
                return False
            return self._sent(client, payload, lambda: self._cas(client, key, payload, mark, until))

    def _remove(self, key: str, mode: Mode, revision: bytes | None) -> str:
        if mode == "anything" or revision is None or not self.compares:
            return super()._remove(key, mode, revision)
        with self._held() as client:
            found, mark = self._gets(client, key)
            payload = self._checked(client, _bytes(found))
            if payload is None:
                return "absent"
            # No client deletes on a condition, but a record that has expired is none.
            if payload == revision and self._checked(client, self._cas(client, key, b"", mark, LONG_AGO)):
                return "removed"
        return "conflict"

    def _checked(self, client: Any, answer: Any) -> Any:
        """``answer``, unless it is the client's way of keeping an error to itself."""
        if not answer:
            self._check(client)
        return answer

    def _sent(self, client: Any, payload: bytes, send: Callable[[], bool]) -> bool:
        """Whether ``send`` stored ``payload``. What is too large isn't sent: the old one would go."""
        if len(payload) > SURELY_FITS and len(payload) > self._largest(client):
            raise too_large(
                "this memcached (its item_size_max, less what it adds)",
                size=len(payload),
                limit=self._largest(client),
                remedy="start it with a larger -I; nothing was written",
            )
        return bool(self._checked(client, send()))

    def _largest(self, client: Any) -> int:
        """Bytes of payload that each of the servers takes."""
        if self._limit is None:
            limits = []
            for settings in self._settings(client):
                value = settings.get("item_size_max", settings.get(b"item_size_max"))
                if value is not None:
                    limits.append(int(value))
            self._limit = min(limits, default=USUAL_LIMIT) - OVERHEAD
        return self._limit


class PythonMemcached(MemcachedClient):
    """``memcache.Client``: connections of its own for each thread; keeps errors to itself."""

    def __init__(self, client: Any, process: int) -> None:
        super().__init__(client, process)
        # Without cache_cas its cas() sends set.
        self.compares = bool(client.cache_cas)
        self._here = threading.local()
        self._turns: dict[int, Any] = {}

    @contextmanager
    def _held(self) -> Iterator[Any]:
        process = os.getpid()
        if getattr(self._here, "process", self._process) != process:
            self.client.disconnect_all()
        self._here.process = process
        if isinstance(self.client, threading.local):
            yield self.client
            return
        # Made before gevent patched, it has one connection for all greenlets. A lock of that time is no use.
        with self._turns.setdefault(process, threading.Lock()):
            yield self.client

    def _gets(self, client: Any, key: str) -> tuple[Any, Any]:
        return client.gets(key), None

    def _cas(self, client: Any, key: str, payload: bytes, mark: Any, until: int) -> bool:
        # It remembers the number that gets saw itself, for ever if it isn't told otherwise.
        del mark
        try:
            return bool(client.cas(key, payload, until))
        finally:
            client.cas_ids.pop(key.encode(), None)

    def _check(self, client: Any) -> None:
        if all(server.deaduntil for server in client.servers):
            raise StoreUnreachable("memcached store: unreachable: the client can't connect to any server")

    def _settings(self, client: Any) -> Iterator[Any]:
        for _, settings in client.get_stats("settings"):
            yield settings
        yield {"item_size_max": client.server_max_value_length or USUAL_LIMIT * 1024}


_PYLIBMC: dict[int, threading.RLock] = {}
"""By process. pylibmc loses records and connections when two threads are in it, each with its own client."""
_PAUSE = 0.05
"""Seconds before a read is tried again."""


class Pylibmc(MemcachedClient):
    """``pylibmc.Client``: must be shared neither with another thread nor with another process.

    One "nothing there" isn't believed: it comes now and then while others write, and where a connection has
    broken. The second is true.
    """

    def __init__(self, client: Any, process: int) -> None:
        super().__init__(client, process)
        self.compares = bool(client.behaviors["cas"])
        self._idle: list[Any] = []
        self._idle_process = os.getpid()

    @contextmanager
    def _held(self) -> Iterator[Any]:
        process = os.getpid()
        if self._idle_process != process:
            # Not closed: they are the parent's. Kept, since closing is what their end would do.
            self._inherited, self._idle = self._idle, []
            self._idle_process = process
        with _PYLIBMC.setdefault(process, threading.RLock()):
            yield from self._lent()

    def _lent(self) -> Iterator[Any]:
        """A client that nobody else uses meanwhile; kept for the next one if nothing went wrong."""
        client = self._idle.pop() if self._idle else self.client.clone()
        try:
            yield client
        except Exception as error:
            # The client isn't kept, since a reply may still be on its way. Its own message has the key in it.
            if type(error).__module__.partition(".")[0] not in ("pylibmc", "_pylibmc"):
                raise
            kind = type(error).__name__
            raise StoreUnreachable(f"memcached store: unreachable: pylibmc says {kind}") from None
        self._idle.append(client)

    def get(self, key: str) -> bytes | None:
        """The stored bytes."""
        try:
            payload = super().get(key)
        except StoreUnreachable:
            # Reading twice does no harm, and a client takes a server for dead that only broke a connection.
            self._idle.clear()
            time.sleep(_PAUSE)
            payload = super().get(key)
        return super().get(key) if payload is None else payload

    def _gets(self, client: Any, key: str) -> tuple[Any, Any]:
        found = super()._gets(client, key)
        return super()._gets(client, key) if found[0] is None else found

    def _delete(self, client: Any, key: str) -> Any:
        return client.delete(key) or client.delete(key)

    def _touch(self, client: Any, key: str, until: int) -> Any:
        return client.touch(key, until) or client.touch(key, until)

    def _cas(self, client: Any, key: str, payload: bytes, mark: Any, until: int) -> bool:
        try:
            return super()._cas(client, key, payload, mark, until)
        except Exception as error:
            if type(error).__name__ == "NotFound":
                return False
            raise

    def _settings(self, client: Any) -> Iterator[Any]:
        # It misreads what the server answers.
        for url in urls(client.addresses):
            yield settings_of(url)


class Pymemcache(MemcachedClient):
    """pymemcache's clients. They take "sent" for "stored" unless they are told to wait for the reply."""

    def __init__(self, client: Any, process: int) -> None:
        super().__init__(client, process)
        self._lock = threading.Lock()
        self._shareable = type(client).__name__ == "PooledClient" or getattr(client, "use_pooling", False)

    @contextmanager
    def _held(self) -> Iterator[Any]:
        process = os.getpid()
        if self._process != process:
            self._lock = threading.Lock()
            self._process = process
            self.client.close()
        if self._shareable:
            yield self.client
            return
        with self._lock:
            yield self.client

    def _write(self, client: Any, verb: Verb, key: str, payload: bytes, until: int) -> bool:
        return bool(getattr(client, verb)(key, payload, until, noreply=False))

    def _delete(self, client: Any, key: str) -> Any:
        return client.delete(key, noreply=False)

    def _touch(self, client: Any, key: str, until: int) -> Any:
        return client.touch(key, until, noreply=False)

    def _settings(self, client: Any) -> Iterator[Any]:
        for one in getattr(client, "clients", {"": client}).values():
            yield one.stats("settings")


class Libmc(MemcachedClient):
    """``libmc.Client``: keeps errors to itself, belongs to one thread, can't be made anew after a fork."""

    def __init__(self, client: Any, process: int) -> None:
        super().__init__(client, process)
        self._lock = threading.Lock()

    @contextmanager
    def _held(self) -> Iterator[Any]:
        if self._process != os.getpid():
            raise SessionUnexpected(
                "memcached store: unexpected: a libmc client can't be used by a forked process; make it "
                "after the fork, or let SESSION_MEMCACHED be a URL"
            )
        with self._lock:
            self.client.clear_thread_ident()
            yield self.client

    def _cas(self, client: Any, key: str, payload: bytes, mark: Any, until: int) -> bool:
        return bool(client.cas(key, payload, until, mark))

    def _delete(self, client: Any, key: str) -> Any:
        # It says True of what isn't there, too.
        return client.get(key) is not None and client.delete(key)

    def _check(self, client: Any) -> None:
        if client.get_last_error() != 0:
            raise StoreUnreachable(f"memcached store: unreachable: libmc says {client.get_last_strerror()}")

    def _settings(self, client: Any) -> Iterator[Any]:
        # It can't ask for them.
        for url in urls(client.servers):
            yield settings_of(url)


_KNOWN: dict[tuple[str, str], Callable[[Any, int], MemcachedClient]] = {
    ("memcache", "Client"): PythonMemcached,
    ("pylibmc.client", "Client"): Pylibmc,
    ("pymemcache.client.base", "Client"): Pymemcache,
    ("pymemcache.client.base", "PooledClient"): Pymemcache,
    ("pymemcache.client.hash", "HashClient"): Pymemcache,
    ("libmc", "Client"): Libmc,
}
_LIBRARIES = {"memcache", "pylibmc", "pymemcache", "libmc"}
_COMMANDS = ("get", "set", "delete")


def store_of(client: Any, process: int) -> PlainClient:
    """How sessions are kept through ``client``, which was made in ``process``."""
    kind = type(client)
    for base in kind.__mro__:
        known = _KNOWN.get((base.__module__, base.__name__))
        if known is not None:
            return known(client, process) if _is_unchanged(client, base) else PlainClient(client)
    return PlainClient(client)


def _is_unchanged(client: Any, library_class: type) -> bool:
    """Whether get, set and delete are the library's: no other command may go past one that encrypts, say."""
    for name in _COMMANDS:
        if name in vars(client):
            return False
        owner = next(base for base in type(client).__mro__ if name in vars(base))
        # What is written in C belongs to no module.
        module = getattr(vars(owner)[name], "__module__", None) or library_class.__module__
        if owner not in library_class.__mro__ or module.partition(".")[0] not in _LIBRARIES:
            return False
    return True


def _bytes(value: Any) -> bytes | None:
    """What a client gave for ``get``, as bytes; what isn't a value at all counts as none."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return None


def _not_stored() -> StoreUnreachable:
    return StoreUnreachable(
        "memcached store, save: unreachable: the client did not store the session, and doesn't say why"
    )
