"""Every ``SESSION_*`` key of this package: name, default, what it may be, what it means.

The general keys stand here; each backend keeps its own beside its interface. ``docs/settings.md`` is made
from them (``dev/make_settings_page.py``), and ``Defaults`` takes its values from them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from .exceptions import SessionMisconfigured

Check = Callable[[Any], Any]

_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


class Refused(Exception):
    """A value is not what its setting may be; the text completes the sentence "KEY must be"."""


@dataclass(frozen=True)
class Setting:
    """One configuration key."""

    name: str
    default: Any
    kind: str
    """What it may be, in words; shown in the documentation and in errors."""
    meaning: str
    check: Check | None = None
    """Turns what was configured into what is used; raises Refused."""
    default_text: str | None = None
    """Shown instead of the default's value where that depends on the machine."""

    def read(self, config: Mapping[str, Any]) -> Any:
        """The value in ``config``, or the default. Raises SessionMisconfigured, naming the key."""
        value = config.get(self.name, self.default)
        if self.check is None or (value is None and self.default is None):
            return value
        try:
            return self.check(value)
        except Refused as refused:
            raise SessionMisconfigured(f"{self.name} must be {refused or self.kind}") from None

    def refuse_beside_url(self, config: Mapping[str, Any]) -> None:
        """Raises SessionMisconfigured if this is set, too, where SESSION_URL says what it would say."""
        if self.given(config):
            raise SessionMisconfigured(f"SESSION_URL and {self.name} are both set; set one of them")

    def given(self, config: Mapping[str, Any]) -> bool:
        """Whether the user set it himself."""
        return config.get(self.name) is not None


def flag(value: Any) -> bool:
    """Checks for True or False; words such as "false" and "on", which come from the environment, count."""
    if isinstance(value, str):
        if value.strip().lower() not in _WORDS:
            raise Refused(f"True or False, not {value!r}")
        return _WORDS[value.strip().lower()]
    return bool(value)


def whole_number(least: int, most: int | None = None) -> Check:
    """A check for whole numbers from ``least`` to ``most``, also as text."""
    words = (
        f"a whole number from {least} to {most}" if most is not None else f"a whole number, {least} or more"
    )

    def check(value: Any) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise Refused(f"{words}, not {value!r}") from None
        if number != float(value) or number < least or (most is not None and number > most):
            raise Refused(f"{words}, not {value!r}")
        return number

    return check


def text(value: Any) -> str:
    """A check for text."""
    if not isinstance(value, str):
        raise Refused(f"text, not {type(value).__name__}")
    return value


def one_of(*choices: str) -> Check:
    """A check for one of a few words; case doesn't matter."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value.strip().lower() not in choices:
            listed = ", ".join(repr(choice) for choice in choices)
            raise Refused(f"one of {listed}, not {value!r}")
        return value.strip().lower()

    return check


def seconds(value: Any) -> float:
    """A check for a duration: a timedelta, or seconds."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise Refused(f"a timedelta or a number of seconds, 0 or more, not {value!r}")
    return number


def path(value: Any) -> str:
    """A check for the path of a directory."""
    try:
        return os.fsdecode(value)
    except TypeError:
        raise Refused(f"a path, not {type(value).__name__}") from None


BACKENDS: dict[str, tuple[str, str]] = {
    "redis": ("flask_session.redis.redis", "RedisSessionInterface"),
    "filesystem": ("flask_session.filesystem.filesystem", "FileSystemSessionInterface"),
    "memcached": ("flask_session.memcached.memcached", "MemcachedSessionInterface"),
    "mongodb": ("flask_session.mongodb.mongodb", "MongoDBSessionInterface"),
    "cachelib": ("flask_session.cachelib.cachelib", "CacheLibSessionInterface"),
    "postgresql": ("flask_session.postgresql.postgresql", "PostgreSqlSessionInterface"),
    "dynamodb": ("flask_session.dynamodb.dynamodb", "DynamoDBSessionInterface"),
    "sqlalchemy": ("flask_session.sqlalchemy.sqlalchemy", "SqlAlchemySessionInterface"),
}
"""SESSION_TYPE -> the module and the class that serve it."""


SESSION_TYPE = Setting(
    "SESSION_TYPE",
    "null",
    "`null`, " + ", ".join(f"`{name}`" for name in BACKENDS),
    "Where sessions are kept; case doesn't matter. With `null`, reading an empty session works and setting "
    "anything raises an error.",
)
SESSION_URL = Setting(
    "SESSION_URL",
    None,
    "a URL",
    "Where sessions are kept, for every native store: its beginning says which, so that SESSION_TYPE needn't "
    "be set. [The stores](backends/README.md) lists them.",
    text,
)
SESSION_PERMANENT = Setting(
    "SESSION_PERMANENT",
    True,
    "True or False",
    "Whether new sessions are permanent: their cookie then outlives the browser, for "
    "PERMANENT_SESSION_LIFETIME.",
    flag,
)
SESSION_USE_SIGNER = Setting(
    "SESSION_USE_SIGNER",
    False,
    "True or False",
    "Whether the session id in the cookie is signed. Needs SECRET_KEY; keys in SECRET_KEY_FALLBACKS are "
    "still accepted. After it was switched off, ids that were signed are, too.",
    flag,
)
SESSION_ACCEPT_UNSIGNED = Setting(
    "SESSION_ACCEPT_UNSIGNED",
    False,
    "True or False",
    "With SESSION_USE_SIGNER: whether ids that were never signed are accepted, too, and signed when the "
    "cookie is next set. For the time after the signer was switched on, so that nobody is logged out: "
    "PERMANENT_SESSION_LIFETIME at most.",
    flag,
)
SESSION_KEY_PREFIX = Setting(
    "SESSION_KEY_PREFIX", "session:", "text", "Stands before every key in the store.", text
)
SESSION_ID_LENGTH = Setting(
    "SESSION_ID_LENGTH",
    32,
    "a whole number from 6 to 187",
    "Bytes of entropy in a new session id.",
    whole_number(6, 187),
)
SESSION_SERIALIZATION_FORMAT = Setting(
    "SESSION_SERIALIZATION_FORMAT",
    "msgpack",
    "`msgpack` or `json`",
    "How sessions are written. Records in the other format are read all the same.",
    one_of("msgpack", "json"),
)
SESSION_CLEANUP_N_REQUESTS = Setting(
    "SESSION_CLEANUP_N_REQUESTS",
    None,
    "a whole number, or None",
    "For stores that don't remove expired sessions themselves: remove them about every N requests. "
    "`flask session_cleanup` does the same from a scheduler.",
    whole_number(0),
)
SESSION_NATIVE = Setting(
    "SESSION_NATIVE",
    True,
    "True or False",
    "Whether a client object may be replaced by native connections with the same settings. False always goes "
    "through the client object.",
    flag,
)
SESSION_EAGER = Setting(
    "SESSION_EAGER",
    False,
    "True or False",
    "Whether a session is loaded before the view runs, as Flask-Session did, and not when it is first "
    "touched.",
    flag,
)
SESSION_TOUCH_INTERVAL = Setting(
    "SESSION_TOUCH_INTERVAL",
    None,
    "a timedelta or seconds",
    "How often an unchanged session's life is extended at most. 0 extends it with each request.",
    seconds,
    "min(60 s, PERMANENT_SESSION_LIFETIME / 100)",
)
SESSION_KEEP_TYPES = Setting(
    "SESSION_KEEP_TYPES",
    True,
    "True or False",
    "Whether tuples, sets, dates, Decimal, UUID, Markup and so on come back as they were. False gives "
    "Flask-Session 0.8's types (lists and text).",
    flag,
)
SESSION_LEGACY_PICKLE = Setting(
    "SESSION_LEGACY_PICKLE",
    True,
    "True or False",
    "Whether the pickles of Flask-Session 0.4 to 0.6 are read. Only plain data is; nothing is imported "
    "or called.",
    flag,
)
SESSION_MAX_BYTES = Setting(
    "SESSION_MAX_BYTES",
    64 * 1024 * 1024,
    "a whole number, 1 or more",
    "How many bytes a session may have as it is stored. A larger one raises `SessionTooLarge`, and what was "
    "stored before stays. Stores may take less; a cachelib cache isn't told. A stored record over 64 MiB is "
    "read only if this is as large.",
    whole_number(1),
)
SESSION_ON_CONFLICT = Setting(
    "SESSION_ON_CONFLICT",
    "merge",
    "`merge` or `overwrite`",
    "What happens when two requests change one session at the same time: both changes are kept, or the last "
    "writer wins, as in Flask-Session.",
    one_of("merge", "overwrite"),
)
SESSION_ON_STORE_FAILURE = Setting(
    "SESSION_ON_STORE_FAILURE",
    "raise",
    "`raise` or `null`",
    "What a request sees whose session can't be loaded because the store is unreachable, too slow or "
    "refuses: an exception (`StoreFailure`), or an empty session that can't be changed, with the cookie left "
    "alone and a warning in the log once a minute. A change that can't be stored raises in either case.",
    one_of("raise", "null"),
)

GENERAL: tuple[Setting, ...] = (
    SESSION_TYPE,
    SESSION_URL,
    SESSION_PERMANENT,
    SESSION_USE_SIGNER,
    SESSION_ACCEPT_UNSIGNED,
    SESSION_KEY_PREFIX,
    SESSION_ID_LENGTH,
    SESSION_SERIALIZATION_FORMAT,
    SESSION_CLEANUP_N_REQUESTS,
    SESSION_NATIVE,
    SESSION_EAGER,
    SESSION_TOUCH_INTERVAL,
    SESSION_KEEP_TYPES,
    SESSION_LEGACY_PICKLE,
    SESSION_MAX_BYTES,
    SESSION_ON_CONFLICT,
    SESSION_ON_STORE_FAILURE,
)


def sections() -> Iterator[tuple[str, tuple[Setting, ...]]]:
    """All settings: the general ones (``""``), then each backend's under its name."""
    yield "", GENERAL
    for name, (module, _) in BACKENDS.items():
        yield name, import_module(module).SETTINGS
