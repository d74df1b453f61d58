"""A store that is driven through a Python client, behind a circuit breaker, with errors of ours.

Native stores have theirs in Rust.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ._core import Breaker
from .exceptions import SessionError, StoreFailure, StoreRefused, StoreTimedOut, StoreUnreachable

if TYPE_CHECKING:
    from ._core import Codec, Commit, Record
    from .store import Store

Result = TypeVar("Result")

# By name, so that no driver has to be imported; the first that fits counts.
_MEANINGS: tuple[tuple[str, type[StoreFailure]], ...] = (
    ("AuthenticationError", StoreRefused),
    ("AuthorizationError", StoreRefused),
    ("NoPermissionError", StoreRefused),
    ("ReadOnlyError", StoreRefused),
    ("OutOfMemoryError", StoreRefused),
    ("TimeoutError", StoreTimedOut),
    ("ConnectionError", StoreUnreachable),
)


def store_failure(error: Exception) -> StoreFailure | None:
    """What ``error`` says of the store: itself, one that is also of the driver's class, or None if nothing.

    Applications have handlers for their driver's errors; these go on working.
    """
    if isinstance(error, StoreFailure):
        return error
    if isinstance(error, SessionError):
        return None
    names = {kind.__name__ for kind in type(error).__mro__}
    for name, meaning in _MEANINGS:
        if name in names:
            kinds: Any = (meaning, type(error))
            failure: StoreFailure = _both(*kinds)(f"session store: {type(error).__name__}")
            return failure
    return None


@cache
def _both(meaning: Any, kind: Any) -> Any:
    """A class of both."""
    if issubclass(meaning, kind):
        return meaning
    try:
        both = type(meaning.__name__, (meaning, kind), {"__init__": Exception.__init__})
        both("")
    except Exception:
        # The driver's class can't be derived from together with ours.
        return meaning
    return both


class Guarded:
    """Asks a store, and leaves it alone while it fails slowly."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._breaker = Breaker()
        self._left_alone = False

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
        return self._ask(self.store.load, codec, key, refresh)

    def commit(self, commit: Commit, ttl: float) -> None:
        """See ``Store.commit``."""
        self._ask(self.store.commit, commit, ttl)

    def touch(self, key: str, ttl: float) -> bool:
        """See ``Store.touch``."""
        return self._ask(self.store.touch, key, ttl)

    def get(self, key: str) -> bytes | None:
        """See ``Store.get``."""
        return self._ask(self.store.get, key)

    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """See ``Store.put``."""
        self._ask(self.store.put, key, payload, ttl)

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """See ``Store.examine``."""
        return self._ask(self.store.examine, key)

    def replace(self, key: str, payload: bytes, ttl: float, expected: bytes | None) -> bool:
        """See ``Store.replace``."""
        return self._ask(self.store.replace, key, payload, ttl, expected)

    def delete(self, key: str) -> bool:
        """See ``Store.delete``."""
        return self._ask(self.store.delete, key)

    def sweep(self, limit: int = 1000) -> int:
        """See ``Store.sweep``."""
        return self._ask(self.store.sweep, limit)

    def take_notices(self) -> list[tuple[bool, str]]:
        """See ``Store.take_notices``."""
        notices = self.store.take_notices()
        if self._left_alone:
            self._left_alone = False
            notices = [*notices, (True, Breaker.NOTICE)]
        return notices

    def _ask(self, operation: Callable[..., Result], *arguments: Any) -> Result:
        admitted = self._breaker.admit()
        try:
            result = operation(*arguments)
        except Exception as error:
            failure = store_failure(error)
            if failure is None or isinstance(failure, StoreRefused):
                self._breaker.answered()
            elif self._breaker.failed(admitted):
                self._left_alone = True
            if failure is None or failure is error:
                raise
            raise failure from error
        self._breaker.answered()
        return result
