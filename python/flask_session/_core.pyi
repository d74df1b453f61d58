"""The Rust core: conversion, and what a request of Flask's does with its session."""

import builtins
import os
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal, Self, TypeAlias, final

from flask import Flask
from typing_extensions import disjoint_base
from werkzeug.datastructures import Headers

from .cookie_hooks import CookieHooks
from .exceptions import SessionTooLarge, StoreFailure
from .store import Store as AnyStore

__version__: str

@final
class Codec:
    """How sessions become bytes and bytes become sessions (``docs/format.md``)."""

    def __new__(
        cls,
        format: str = "msgpack",
        *,
        keep_types: bool = True,
        legacy_pickle: bool = True,
        max_bytes: int = ...,
    ) -> Codec:
        """``format`` is ``msgpack`` or ``json``; any other raises SessionMisconfigured.

        ``max_bytes``: how large a session to be stored may be, SESSION_MAX_BYTES.
        """

    @property
    def format(self) -> str: ...
    def encode(self, session: dict[Any, Any]) -> bytes:
        """Encodes a whole session.

        Raises SessionUnsupported, naming the key whose value can't be stored, and SessionTooLarge.
        """

    def admit(self, size: int) -> None:
        """Raises SessionTooLarge if a session of ``size`` bytes is not to be stored."""

    def decode(self, payload: bytes | str) -> dict[Any, Any] | None:
        """Decodes a session; None if the payload says "no session" (empty, null). Raises SessionCorrupt."""

    def record(self, payload: bytes | str) -> Record | None:
        """As ``decode``, but leaves the values undecoded."""

@final
class Record:
    """A stored session whose values are not decoded yet; the base that a commit compares with."""

    @property
    def size(self) -> int:
        """Bytes of the stored payload."""

    @property
    def permanent(self) -> bool:
        """The `_permanent` flag."""

    def fill(self, session: dict[Any, Any]) -> None:
        """Fills ``session``, emptied (past overridden methods): large and nested values are Pending."""

    def holds(self, codec: Codec, session: dict[Any, Any]) -> bool:
        """Whether ``session`` would be written exactly as it is stored.

        False proves nothing: other bytes may say the same, and then a commit finds that out.
        """

@final
class Pending:
    """Stands in the dict for a large or nested value until somebody looks at it."""

    def load(self) -> Any:
        """The value, decoded."""

@final
class Ext:
    """A MessagePack extension value of another program: its code, and its data as bytes."""

    def __new__(cls, code: int, data: bytes) -> Ext: ...
    @property
    def code(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

Mode: TypeAlias = Literal["absent", "revision", "anything"]
Operation: TypeAlias = (
    tuple[Literal["load", "touch"], str]
    | tuple[Literal["save"], str, bytes, Mode, bytes | None]
    | tuple[Literal["delete"], str, Mode, bytes | None]
)

@final
class Commit:
    """What one request did to a session, on its way into a store.

    Encodes ``session`` at once, without calling its methods (SessionUnsupported names the key that can't be
    stored).
    """

    def __new__(
        cls,
        codec: Codec,
        session: dict[Any, Any],
        key: str,
        *,
        record: Record | None = None,
        renewed_from: str | None = None,
        adopted: bool = False,
        overwrite: bool = False,
        assigned: Iterable[Any] | None = None,
        deleted: Iterable[Any] | None = None,
        cleared: bool = False,
        touch: bool = False,
    ) -> Commit:
        """Compares ``session`` with ``record``, what was loaded (None: a new session).

        ``key``: store key to save under. ``renewed_from``: the key it had before a renewal. ``adopted``: the
        application assigned the sid itself; saved whatever is there. ``overwrite``: the last writer wins, as
        in Flask-Session. ``assigned``, ``deleted``, ``cleared``: what the request did by name. ``touch``:
        restart the record's time to live if nothing has to be written.
        """

    @property
    def outcome(self) -> Literal["unchanged", "touched", "stored", "merged", "gone", "deleted"] | None:
        """None until the commit is over."""

    @property
    def record(self) -> Record | None:
        """After ``stored`` or ``merged``: the new base."""

    def settle(self, session: dict[Any, Any]) -> None:
        """After ``merged``: puts what other requests wrote into ``session``, past overridden methods."""

    def next(self, reply: Any = None) -> Operation | None:
        """For stores driven through Python: the next operation to perform, or None when the commit is over.

        ``reply`` is what the previous operation gave: for ``load`` the payload or None; for ``save`` whether
        it was written; for ``delete`` one of "removed", "absent", "conflict"; for ``touch`` whether there was
        a record; or the exception, if its outcome is unknown.
        """

@disjoint_base
class Session(dict[Any, Any]):
    """The native part of ``ServerSideSession``.

    An unloaded session holds one private entry. Any touch loads it; after that, large and nested values are
    ``Pending`` until somebody looks at them, and what the request does by name is noted for the merge.
    """

    accessed: bool
    on_update: Any
    modified: bool
    permanent: bool
    sid: str | None
    @property
    def new(self) -> bool: ...
    _adopted: bool
    _interface: Any
    _load_failure: StoreFailure | None
    _modified: bool
    _new: bool
    _sid: str | None
    _snapshot: bytes | str | None
    @property
    def _suppressed(self) -> bool: ...
    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def __bool__(self) -> bool: ...
    def get(self, key: Any, default: Any = None) -> Any:
        """The value under ``key``, or ``default``."""

    def _touch(self) -> None:
        """What every look at the session begins with: it is loaded if it isn't yet."""

    def _touch_all(self) -> None:
        """Touches the session and decodes every value."""

    def _resolve(self, key: Any) -> Any:
        """Decodes the pending value under ``key``; two threads get the same object."""

    def _change(self) -> None:
        """What every change begins with. Raises StoreFailure if the session could not be loaded."""

    def _note_assigned(self, *keys: Any) -> None: ...
    def _note_deleted(self, key: Any) -> None: ...
    def _note_cleared(self) -> None: ...
    def _updated(self) -> None:
        """What every change ends with: ``on_update`` is called."""

    def _renew(self, sid: str) -> None:
        """Takes another id, under which the record moves when it is saved."""

@final
class Shipped:
    """What one import of this package ships, by which an application's own parts are told."""

    def __new__(
        cls,
        *,
        constructor: Any,
        serializer: type,
        cookies: Any,
        need_hooks: builtins.set[type],
        failure: type,
        storage: Hooks,
        coding: Hooks,
        storing: Hooks,
        reading: Hooks,
        generating: Hooks,
        answering: Hooks,
    ) -> Self: ...

def note_update(session: Session) -> None:
    """A session's usual ``on_update``."""

def open_session(interface: Any, app: Any, request: Any, shipped: Shipped) -> Any:
    """Flask's ``open_session``: directly, or through all hooks if one of them is replaced."""

def save_session(interface: Any, app: Any, session: Any, response: Any, shipped: Shipped) -> None:
    """Flask's ``save_session``."""

def direct_store(interface: Any, session: Session | None = None) -> AnyStore | None:
    """The store to use directly, for ``session`` if there is one; None if all hooks must be called."""

def has_own_constructor(interface: Any) -> bool:
    """Whether an application wants each session to be made by its own constructor."""

@final
class Store:
    """A native store. Opens nothing before its first use in a process; safe to use after a fork."""

    @staticmethod
    def memory() -> Store: ...
    @staticmethod
    def open(url: str, **options: str | os.PathLike[str] | float | bool | None) -> Store:
        """Opens the store at ``url``; each backend's page in ``docs/backends`` names its options.

        None is as not given. ``redis://host:port/db``, ``rediss://``, ``unix:///path?db=0``: ``username``,
        ``password``, ``client_name``, ``timeout``, ``connect_timeout`` (seconds), ``pool_size``, ``ca_file``,
        ``cert_file``, ``key_file``, ``verify``, ``verify_hostname``. ``file:///folder``: ``directory``,
        ``threshold``, ``cap`` (the threshold also bounds live sessions), ``mode``, ``fsync``.
        Raises SessionMisconfigured.
        """

    @property
    def name(self) -> str: ...
    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """What concurrent writers can rely on, as far as it is known by now."""

    @property
    def expires(self) -> bool:
        """Whether the backend removes expired records itself."""

    def load(self, codec: Codec, key: str, refresh: float | None = None) -> Record | None:
        """The record; ``refresh`` restarts its time to live (seconds) in the same round trip.

        Raises SessionCorrupt.
        """

    def commit(self, commit: Commit, ttl: float) -> None:
        """Drives ``commit`` to its end."""

    def touch(self, key: str, ttl: float) -> bool: ...
    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, payload: bytes, ttl: float) -> None:
        """Writes whatever is there."""

    def examine(self, key: str) -> tuple[bytes, float | None] | None:
        """The stored bytes, and the seconds that they still live; None there: for ever, or unknown."""

    def replace(self, key: str, payload: bytes, ttl: float, expected: bytes | None) -> bool:
        """Writes if what is there is still ``expected``; None: if nothing is. Whether it did."""

    def delete(self, key: str) -> bool: ...
    def list(
        self, prefix: str, cursor: str | None = None, limit: int = 1000
    ) -> tuple[builtins.list[str], str | None]: ...
    def sweep(self, limit: int = 1000) -> int: ...
    def take_notices(self) -> builtins.list[tuple[bool, str]]:
        """What the store found out since the last call, for the app's log, each thing once.

        Whether it is a warning, and its text.
        """

@final
class Touches:
    """When this process last extended a session's life: bounded, by hashed id, forgotten after a fork."""

    def __new__(cls, interval: float) -> Touches: ...
    def note(self, sid: str, permanent: bool) -> None: ...

@final
class Admitted:
    """Permission for one operation, with the moment when it began."""

@final
class Breaker:
    """A circuit breaker: keeps a store that doesn't answer from costing every request its time limit."""

    NOTICE: ClassVar[str]
    def __new__(cls) -> Breaker: ...
    def admit(self) -> Admitted:
        """Call it before an operation. Raises StoreUnreachable while the store is left alone."""

    def answered(self) -> None:
        """The store answered, be it with a refusal."""

    def failed(self, admitted: Admitted) -> bool:
        """It could not be reached, or not in time. True if it is left alone from now on."""

@final
class Signer:
    """Signs and reads the cookie's sid as itsdangerous does with Flask-Session's salt."""

    def __new__(cls, secret_key: str | bytes, fallbacks: Iterable[str | bytes] = ...) -> Signer: ...
    def sign(self, sid: str) -> str: ...
    def unsign(self, text: str) -> str | None: ...

@final
class Lifetime:
    """How long an application's sessions live."""

    def __new__(cls, attribute: object) -> Lifetime:
        """``attribute``: Flask's own ``permanent_session_lifetime``, looked past where it is in place."""

    def total_seconds(self, app: Flask) -> float:
        """``app.permanent_session_lifetime.total_seconds()``."""

    def seconds(self, app: Flask) -> int:
        """The same as a store takes it: whole seconds, and at least one."""

@final
class Template:
    """A cookie's text: what stands before its value, between that and the date, and after the date."""

    def __new__(cls, before: str, between: str, after: str) -> Template: ...

@final
class KeptCookie:
    """The cookie's templates, with a date and without, and what they were made of."""

    def __new__(
        cls,
        kind: type[dict[str, Any]],
        settings: tuple[str, ...],
        values: tuple[Any, ...],
        same_site: bool,
        dated: Template | None,
        undated: Template | None,
    ) -> KeptCookie:
        """Made of that ``kind`` of configuration. Where a template is None, Werkzeug writes the cookie."""

@final
class HeaderWriter:
    """Writes into responses what Werkzeug would write, without its work."""

    def __new__(
        cls,
        headers: type[Headers],
        *,
        add: object,
        set_cookie: object,
        dump_cookie: object,
        vary: object,
        appends: bool,
    ) -> HeaderWriter:
        """``Headers``, and what it and ``Response`` have under these names, unless that was replaced.

        ``dump_cookie``: what ``set_cookie`` makes the text with.
        ``appends``: whether headers are a list of pairs.
        """

    def vary_by_cookie(self, response: Any) -> None:
        """Adds ``Cookie`` to the ``Vary`` header."""

    def takes(self, response: Any, value: str) -> bool:
        """Whether ``add`` may be used: in Werkzeug's own response, for a value that needs no quotes."""

    def add(self, response: Any, template: Template, value: str, date: str) -> None:
        """Adds the ``Set-Cookie`` header. ``date`` is empty for a cookie without one."""

@final
class Answer:
    """The session cookie of a response, where no hook and nothing of Flask's or Werkzeug's is replaced."""

    def __new__(
        cls,
        writer: HeaderWriter,
        lifetime: Lifetime,
        time: Callable[[], float],
        sessions: dict[str, Any],
    ) -> Answer:
        """``sessions``: the names in ``flask.sessions``, whose ``datetime`` an application may replace."""

    def write(
        self,
        interface: CookieHooks,
        app: Flask,
        sid: str,
        permanent: bool,
        response: Any,
        varied: bool,
    ) -> bool:
        """Sets the cookie, and ``Vary`` unless ``varied``. If it returns False, the hooks have to do it."""

def is_session_id(text: str, custom: bool = False) -> bool:
    """Whether ``text`` could be an id that we made, or, with ``custom``, one that an application made."""

def cookie_values(header: str, name: str, most: int) -> list[str] | None:
    """The values of the cookies called ``name`` in a Cookie header, in order, at most ``most``, none empty.

    None if Werkzeug has to decode the header.
    """

@final
class Hooks:
    """Methods that an application may replace."""

    def __new__(cls, names: tuple[str, ...], originals: dict[str, tuple[Any, ...]]) -> Hooks: ...
    def kept(self, instance: object) -> bool:
        """Whether what the class of ``instance`` has under each of the names is in ``originals`` there.

        And none of them is an attribute of ``instance`` itself.
        """

def codes_alone(serializer: object, coding: Hooks, kind: type) -> bool:
    """Whether ``serializer`` is of this very class, keeps its methods, and has its codec in all its parts."""

def is_bare(session: dict[Any, Any]) -> bool:
    """Whether the dict itself holds nothing, or only the ``_permanent`` entry."""

def backends() -> list[tuple[str, list[str]]]:
    """The native backends of this build: each one's name, and what its URLs begin with."""

def too_large(
    of: str, *, size: int | None = None, limit: int | None = None, remedy: str = ""
) -> SessionTooLarge:
    """The error for a session of ``size`` bytes, where ``of`` (a store, say) allows ``limit``."""
