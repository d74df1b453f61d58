"""What can go wrong, as exceptions with one base.

Each also derives from the fitting built-in, so that generic handlers work. None is a LookupError,
AttributeError or TypeError: templates swallow those, and a dead store would look like a logged-out user.
The messages hold no session id, no session data and no password.
"""


class SessionError(Exception):
    """Base of all errors of this package."""


class StoreFailure(SessionError):
    """The store can't be used now. SESSION_ON_STORE_FAILURE says what becomes of requests that need it."""


class StoreUnreachable(StoreFailure, ConnectionError):
    """The store could not be reached, or the connection broke."""


class StoreTimedOut(StoreFailure, TimeoutError):
    """The store did not answer within the operation's time limit."""


class StoreRefused(StoreFailure, PermissionError):
    """The store understood and refused: wrong password, missing permission, read-only."""


class SessionTooLarge(SessionError, ValueError):
    """The session is larger than SESSION_MAX_BYTES, or than the store takes."""


class SessionCorrupt(SessionError, ValueError):
    """A stored record can't be read."""


class SessionContended(SessionError, RuntimeError):
    """Other requests changed the same session too often while this one tried to save it."""


class SessionUnsupported(SessionError, ValueError):
    """A value in the session can't be stored, or the store can't do what was asked."""


class SessionMisconfigured(SessionError, ValueError):
    """A setting is wrong; the message names it."""


class SessionUnexpected(SessionError, RuntimeError):
    """A bug, or an answer of the store that no rule foresees."""
