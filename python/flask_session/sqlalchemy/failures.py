"""What a database's error means for a session."""

from __future__ import annotations

from typing import Any

from ..exceptions import (
    SessionError,
    SessionTooLarge,
    SessionUnexpected,
    StoreRefused,
    StoreTimedOut,
    StoreUnreachable,
)


class Duplicate(Exception):
    """A row of this key, or of this ``id``, is there."""


class Interrupted(Exception):
    """The database gave way to another transaction; nothing was done."""


class Lost(Exception):
    """The connection broke: what the database did is unknown."""


class Busy(Exception):
    """Somebody else holds SQLite's lock; nothing was done."""


_INTERRUPTED = {"40001", "40P01", "1213", "1020"}
_TIMED_OUT = {"57014", "55P03", "1205", "1969", "3024"}
_REFUSED = {"42501", "25006", "1044", "1045", "1114", "1142", "1143", "1227", "1290", "1698", "1836"}
_TOO_LARGE = {"22001", "1406", "1153", "54000"}
_DISK = {
    "SQLITE_FULL": "the disk is full; free some space",
    "SQLITE_IOERR": "the disk failed, or no file may grow so large (ulimit -f)",
    "SQLITE_READONLY": "the file, or its folder, can't be written",
    "SQLITE_PERM": "the file, or its folder, can't be written",
    "SQLITE_CANTOPEN": "the file can't be opened: may we write there, and open another file (ulimit -n)?",
}
_UNREACHABLE = {"1040", "2002", "2003", "2005", "2006", "2013", "2055"}
_UNREACHABLE_CLASSES = ("08", "57P", "53")
_NOT_THERE = {"42P01", "1146", "3F000"}


def code(error: BaseException) -> str:
    """The SQLSTATE, MySQL's number or SQLite's name of an error; "" if it has none."""
    original: Any = getattr(error, "orig", None) or error
    first = original.args[0] if getattr(original, "args", None) else None
    if isinstance(first, int):
        return str(first)
    for name in ("sqlite_errorname", "pgcode", "sqlstate"):
        state = getattr(original, name, None)
        if isinstance(state, str):
            return state
    return ""


def is_busy(error: BaseException) -> bool:
    """Whether SQLite says that somebody else holds the lock."""
    # Python 3.10 has no codes.
    return code(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "is locked" in str(
        getattr(error, "orig", None) or error
    )


def is_interrupted(error: BaseException) -> bool:
    """Whether the database ended the transaction for the sake of another one."""
    return code(error) in _INTERRUPTED


def is_without_table(error: BaseException) -> bool:
    """Whether the table isn't there."""
    return code(error) in _NOT_THERE or "no such table" in str(getattr(error, "orig", None) or error)


def explained(error: BaseException, database: str, operation: str) -> SessionError:
    """The error for the application: one line without keys, payloads and what the database said of them."""
    if isinstance(error, SessionError):
        return error
    kind, words = _meaning(error)
    original = getattr(error, "orig", None) or error
    said = code(error) or type(original).__name__
    return kind(f"{database}: {operation}: {words} ({said})")


def _meaning(error: BaseException) -> tuple[type[SessionError], str]:
    state = code(error)
    name = type(getattr(error, "orig", None) or error).__name__
    if isinstance(error, Lost) or getattr(error, "connection_invalidated", False):
        return StoreUnreachable, "the connection to the database broke"
    if type(error).__name__ == "TimeoutError":
        return StoreTimedOut, "no connection became free in the pool"
    if is_busy(error):
        return StoreTimedOut, "the database is locked"
    if state in _TIMED_OUT:
        return StoreTimedOut, "the database took too long"
    for beginning, words in _DISK.items():
        if state.startswith(beginning):
            return StoreRefused, words
    if state in _REFUSED or state.startswith("28"):
        return StoreRefused, "the database refuses it"
    if state in _TOO_LARGE or state == "SQLITE_TOOBIG":
        return SessionTooLarge, "the session is larger than the database allows; keep less in it"
    if state in _UNREACHABLE or state.startswith(_UNREACHABLE_CLASSES):
        return StoreUnreachable, "the database can't be reached"
    if name in ("OperationalError", "InterfaceError") and not state:
        return StoreUnreachable, "the database can't be reached"
    return SessionUnexpected, "the database reports an error"
