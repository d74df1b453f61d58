"""Stores that are driven through a Python client, because native connections can't stand in for it.

A client of the redis-py family keeps every guarantee: a save compares and writes in one step, by a script or
by WATCH. A client with only ``get``, ``set`` and ``delete`` gets exactly Flask-Session 0.8's calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ._core import Codec, Commit, Record
from .exceptions import SessionUnsupported

if TYPE_CHECKING:
    from ._core import Mode, Operation

Result = TypeVar("Result")

SCRIPT_LIMIT = 4096
"""Bytes of payload up to which a script compares: it holds the whole server while it runs."""

_SAVE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
  return 1
end
return 0
"""
_DELETE = """
local found = redis.call('GET', KEYS[1])
if not found then return 2 end
if found == ARGV[1] then
  redis.call('DEL', KEYS[1])
  return 1
end
return 0
"""
_REMOVED = ("conflict", "removed", "absent")

_FAMILY = {("redis", "Redis"), ("redis", "RedisCluster"), ("valkey", "Valkey"), ("valkey", "ValkeyCluster")}
_COMMANDS = ("get", "set", "delete")


def is_redis_style(client: Any) -> bool:
    """Whether ``client`` is of the redis-py family with that family's own get, set and delete.

    Subclasses, clusters and fakes are. If one of those three is replaced, say by one that encrypts, other
    commands would go past it.
    """
    kind = type(client)
    if not any((base.__module__.partition(".")[0], base.__name__) in _FAMILY for base in kind.__mro__):
        return False
    libraries = {library for library, _ in _FAMILY}
    return not any(
        name in vars(client) or str(getattr(kind, name).__module__).partition(".")[0] not in libraries
        for name in _COMMANDS
    )


class PlainStore:
    """A client that has only get, set and delete, or that replaces one of them. The last writer wins."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._notices: list[tuple[bool, str]] = []

    @property
    def name(self) -> str:
        """The client's class."""
        return type(self.client).__name__

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """``overwrite``."""
        return "overwrite"

    def get(self, key: str) -> bytes | None:
        """The stored bytes, also of a client that decodes its responses."""
        return _bytes(self.client.get(key))

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there."""
        self.client.set(name=key, value=payload, ex=int(ttl))

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live, where that can be asked."""
        payload = self.get(key)
        return None if payload is None else (payload, None)

    def replace(self, key: str, payload: bytes, ttl: float, expected: bytes | None) -> bool:
        """Writes if what is there is still ``expected``; None: if nothing is."""
        if self.get(key) != expected:
            return False
        return self._save(key, payload, "absent" if expected is None else "revision", expected, ttl)

    def keys(self, prefix: str) -> Iterator[str]:
        """Raises SessionUnsupported: a client with only get, set and delete can't list."""
        del prefix
        raise SessionUnsupported(f"{self.name} can't list its sessions")

    def delete(self, key: str) -> bool:
        """Forgets ``key``."""
        return bool(self.client.delete(key))

    def touch(self, key: str, ttl: float) -> bool:
        """Writes what is there once more."""
        payload = self.get(key)
        if payload is None:
            return False
        self.put(key, payload, ttl)
        return True

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record; ``refresh`` writes it once more."""
        payload = self.get(key)
        if payload is not None and refresh is not None:
            self.put(key, payload, refresh)
        return codec.record(payload) if payload else None

    def commit(self, commit: Commit, ttl: float) -> None:
        """Performs the operations that ``commit`` asks for."""
        reply: Any = None
        while (operation := commit.next(reply)) is not None:
            try:
                reply = self._perform(operation, ttl)
            except Exception as error:
                if operation[0] in ("load", "touch") or not _is_unknown_outcome(error):
                    raise
                # Perhaps it was carried out: the commit looks.
                reply = error

    def _perform(self, operation: Operation, ttl: float) -> Any:
        if operation[0] == "load":
            return self.get(operation[1])
        if operation[0] == "touch":
            return self.touch(operation[1], ttl)
        if operation[0] == "save":
            _, key, payload, mode, revision = operation
            return self._save(key, payload, mode, revision, ttl)
        _, key, mode, revision = operation
        return self._remove(key, mode, revision)

    def _save(self, key: str, payload: bytes, mode: Mode, revision: bytes | None, ttl: float) -> bool:
        del mode, revision
        self.put(key, payload, ttl)
        return True

    def _remove(self, key: str, mode: Mode, revision: bytes | None) -> str:
        del mode, revision
        return "removed" if self.delete(key) else "absent"

    def take_notices(self) -> list[tuple[bool, str]]:
        """What was found out since the last call: whether it is a warning, and its text."""
        if not self._notices:
            return []
        notices, self._notices = self._notices, []
        return notices

    def sweep(self, limit: int = 1000) -> int:
        """Nothing: the server removes what has expired."""
        del limit
        return 0


NEED_HOOKS: set[type] = {PlainStore}
"""The kinds of store for which Flask-Session's hooks are all there is to do."""


class RedisStyleStore(PlainStore):
    """A client of the redis-py family. Compares and writes in one step, as far as the server permits.

    Each command has a ladder: what the server refuses (no permission, not known) is not tried again.
    """

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._refused: set[str] = set()
        self._decodes = _decodes_responses(client)

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """``overwrite`` once the server has refused every way to compare."""
        return "overwrite" if {"EVAL", "WATCH"} <= self._refused else "merge"

    def get(self, key: str) -> bytes | None:
        """The stored bytes, not decoded."""
        if self._decodes:
            return _bytes(self.client.execute_command("GET", key, NEVER_DECODE=True))
        return _bytes(self.client.get(key))

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live."""
        payload = self.get(key)
        if payload is None:
            return None
        milliseconds = self.client.pttl(key)
        return payload, milliseconds / 1000 if milliseconds > 0 else None

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that begins with ``prefix``, by SCAN; one may appear twice."""
        for key in self.client.scan_iter(match=re.sub(r"([\\*?\[\]^-])", r"\\\1", prefix) + "*", count=1000):
            yield key if isinstance(key, str) else bytes(key).decode("utf-8", "surrogateescape")

    def touch(self, key: str, ttl: float) -> bool:
        """Restarts the time to live."""
        return self._tries(
            "EXPIRE",
            lambda: bool(self.client.expire(key, int(ttl))),
            lambda: super(RedisStyleStore, self).touch(key, ttl),
        )

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record, and its time to live restarted in the same round trip where the server can."""
        if refresh is None:
            payload = self.get(key)
        else:
            payload = self._tries(
                "GETEX", lambda: self._getex(key, refresh), lambda: self._get_and_touch(key, refresh)
            )
        return codec.record(payload) if payload else None

    def _getex(self, key: str, ttl: float) -> bytes | None:
        options = {"NEVER_DECODE": True} if self._decodes else {}
        return _bytes(self.client.execute_command("GETEX", key, "EX", int(ttl), **options))

    def _get_and_touch(self, key: str, ttl: float) -> bytes | None:
        payload = self.get(key)
        if payload is not None:
            self.touch(key, ttl)
        return payload

    def _save(self, key: str, payload: bytes, mode: Mode, revision: bytes | None, ttl: float) -> bool:
        if mode == "absent":
            return bool(self.client.set(name=key, value=payload, ex=int(ttl), nx=True))
        if mode == "anything" or revision is None:
            return super()._save(key, payload, mode, revision, ttl)

        def script() -> bool:
            return bool(self.client.eval(_SAVE, 1, key, revision, payload, int(ttl)))

        def watch() -> bool:
            return (
                self._watched(key, revision, lambda pipe: pipe.set(name=key, value=payload, ex=int(ttl)))
                == "removed"
            )

        def overwrite() -> bool:
            return super(RedisStyleStore, self)._save(key, payload, mode, revision, ttl)

        if len(payload) > SCRIPT_LIMIT:
            return self._tries("WATCH", watch, lambda: self._tries("EVAL", script, overwrite))
        return self._tries("EVAL", script, lambda: self._tries("WATCH", watch, overwrite))

    def _remove(self, key: str, mode: Mode, revision: bytes | None) -> str:
        if mode == "anything" or revision is None:
            return super()._remove(key, mode, revision)
        return self._tries(
            "EVAL",
            lambda: _REMOVED[int(self.client.eval(_DELETE, 1, key, revision))],
            lambda: self._tries(
                "WATCH",
                lambda: self._watched(key, revision, lambda pipe: pipe.delete(key)),
                lambda: super(RedisStyleStore, self)._remove(key, mode, revision),
            ),
        )

    def _watched(self, key: str, revision: bytes, change: Any) -> str:
        """Runs ``change`` in a transaction if ``key`` still holds ``revision``."""
        options = {"NEVER_DECODE": True} if self._decodes else {}
        with self.client.pipeline(transaction=True) as pipe:
            pipe.watch(key)
            found = _bytes(pipe.execute_command("GET", key, **options))
            if found != revision:
                return "absent" if found is None else "conflict"
            pipe.multi()
            change(pipe)
            try:
                pipe.execute()
            except Exception as error:
                if _is_a(error, "WatchError"):
                    return "conflict"
                raise
        return "removed"

    def _tries(self, command: str, attempt: Callable[[], Result], instead: Callable[[], Result]) -> Result:
        """``attempt``, or ``instead`` where ``command`` isn't to be had; remembers which."""
        if command not in self._refused:
            try:
                return attempt()
            except Exception as error:
                if not _is_refusal(error):
                    raise
            result = instead()
            # Only now: an error of another kind (read-only, out of memory) stops the other way, too.
            self._refused.add(command)
            if command in ("EVAL", "WATCH") and self.guarantee == "overwrite":
                self._notices.append(
                    (
                        True,
                        "Redis permits neither EVAL nor WATCH, MULTI and EXEC to the session client: "
                        "when two "
                        "requests change one session at the same time, the last one wins.",
                    )
                )
            return result
        return instead()


def _bytes(value: Any) -> bytes | None:
    """What a client gave for ``get``, as bytes; what isn't a value at all counts as none."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return None


def _decodes_responses(client: Any) -> bool:
    encoder = getattr(client, "get_encoder", None)
    return bool(getattr(encoder(), "decode_responses", False)) if callable(encoder) else False


def _is_a(error: BaseException, name: str) -> bool:
    # By name, so that no driver has to be imported.
    return any(kind.__name__ == name for kind in type(error).__mro__)


def _is_refusal(error: BaseException) -> bool:
    """The server or the client does not do this command (for this user)."""
    if _is_a(error, "ResponseError") or _is_a(error, "RedisClusterException"):
        return True
    return isinstance(error, (NotImplementedError, AttributeError))


def _is_unknown_outcome(error: BaseException) -> bool:
    """The connection broke: the command may have been carried out or not."""
    return _is_a(error, "ConnectionError") or _is_a(error, "TimeoutError")
