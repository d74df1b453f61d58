"""What pymongo's errors mean. By class name, so that it needn't be installed."""

from __future__ import annotations

from .._core import too_large
from ..exceptions import (
    SessionError,
    SessionUnexpected,
    StoreRefused,
    StoreTimedOut,
    StoreUnreachable,
)


def _is_a(error: BaseException, *names: str) -> bool:
    return any(kind.__name__ in names for kind in type(error).__mro__)


def _code(error: BaseException) -> int | None:
    code = getattr(error, "code", None)
    return code if isinstance(code, int) else None


def is_duplicate(error: BaseException) -> bool:
    """Whether another document has the ``id``."""
    return _is_a(error, "DuplicateKeyError") or _code(error) == 11000


def is_refusal(error: BaseException) -> bool:
    """Whether the server, or what stands in for one, doesn't do it."""
    return _is_a(error, "OperationFailure") or isinstance(error, (NotImplementedError, AttributeError))


def translated(error: Exception) -> Exception:
    """Our error for pymongo's. Its words may hold keys, so they are left out; what isn't pymongo's stays."""
    if isinstance(error, SessionError) or not _is_a(error, "PyMongoError", "BSONError"):
        return error
    if _is_a(error, "ServerSelectionTimeoutError"):
        return StoreUnreachable("mongodb store: no server that takes writes could be reached")
    if _is_a(error, "NetworkTimeout", "ExecutionTimeout", "WTimeoutError") or getattr(
        error, "timeout", False
    ):
        return StoreTimedOut("mongodb store: no answer in time")
    if _is_a(error, "ConnectionFailure"):
        return StoreUnreachable("mongodb store: the connection broke or could not be made")
    code = _code(error)
    if code in (11, 13, 18, 31, 8000) or _is_a(error, "ConfigurationError"):
        return StoreRefused(
            "mongodb store: wrong user name or password, or the role readWrite on the database is missing"
        )
    if _is_a(error, "DocumentTooLarge") or code in (10334, 17280, 17419, 17420):
        return too_large("MongoDB, 16 MB for a document,")
    return SessionUnexpected(
        f"mongodb store: {type(error).__name__} {code if code is not None else ''}".strip()
    )
