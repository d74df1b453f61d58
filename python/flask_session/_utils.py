"""Names of Flask-Session 0.7 and 0.8 that applications' own interfaces import."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_TRANSIENT = frozenset(("OperationalError", "InterfaceError", "DisconnectionError", "AutoReconnect"))


def total_seconds(timedelta: timedelta) -> int:
    """Whole seconds of a timedelta."""
    return int(timedelta.total_seconds())


def retry_query(
    *, max_attempts: int = 3, delay: float = 0.3, backoff: int = 2
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Decorates a store operation to be tried again when its connection fails; other errors pass.

    ``delay``: seconds before the second attempt, multiplied by ``backoff`` before each further one.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @functools.wraps(function)
        def retrying(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            pause = delay
            for _ in range(max_attempts - 1):
                try:
                    return function(*args, **kwargs)
                except Exception as error:
                    if not _is_transient(error):
                        raise
                time.sleep(pause)
                pause *= backoff
            return function(*args, **kwargs)

        return retrying

    return decorate


def _is_transient(error: Any) -> bool:
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & _TRANSIENT) or {"ConnectionError", "RedisError"} <= names
