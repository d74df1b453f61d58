"""``ServerSideSession``: the dict that users hold.

An unloaded session physically holds one private entry, so that C code which looks past our methods (``json``
asks for the size first) doesn't take it for an empty dict. Any touch loads it. After that, large and nested
values are ``Pending`` until somebody looks at them, and what the request assigns, deletes and clears is noted
for the merge.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from flask.sessions import SessionMixin
from werkzeug.datastructures import CallbackDict

from ._core import Pending, Record, is_bare
from .direct import load

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

    from flask import Flask

    from .exceptions import StoreFailure
    from .interface import ServerSideSessionInterface
    from .store import Store


class _Sentinel:
    """The one physical entry of an unloaded session."""

    def __repr__(self) -> str:
        return "<a session that is not loaded yet>"


UNLOADED: Any = _Sentinel()
_MISSING: Any = object()
_NEW_DICT: Any = dict.__new__


def _note_update(session: ServerSideSession) -> None:
    session._modified = True
    session._suppressed = False
    session.accessed = True
    if session._saved_by is not None and session._saved_by.debug:
        session._saved_by.logger.warning(
            "The session was changed after the response was made (in a streamed body or a teardown "
            "function); the change is not saved."
        )


def blank(cls: type[Any]) -> Any:
    """A session of that class, empty and without an id. No constructor is called."""
    session: ServerSideSession = _NEW_DICT(cls)
    session.accessed = False
    session.on_update = _note_update
    session._sid = None
    session._new = True
    session._modified = False
    session._suppressed = False
    session._interface = None
    session._unloaded = None
    session._app = None
    session._store = None
    session._unloadable = None
    session._load_lock = None
    session._known_permanent = None
    session._record = None
    session._record_sid = None
    session._record_key = None
    session._renewed = False
    session._adopted = False
    session._assigned = None
    session._deleted = None
    session._cleared = False
    session._load_failure = None
    session._save_failure = None
    session._snapshot = None
    session._extended = False
    session._saved_by = None
    return session


class ServerSideSession(CallbackDict[str, Any], SessionMixin):
    """A server-side session, used through ``flask.session``.

    ``sid``: its id; assigning another saves the session under that one.
    ``new``: true until it is stored.
    ``modified``: set when an entry is assigned or deleted; a change inside a value is saved without it.
    ``accessed``: set when it is looked at in any way; the response then says ``Vary: Cookie``.
    ``permanent``: the ``_permanent`` entry.
    """

    # Slots, which `blank` fills: an attribute with a default in its class is looked up ten times as slowly.
    accessed: bool
    on_update: Any
    _sid: str | None
    _new: bool
    _modified: bool
    _suppressed: bool  # modified was set to False by hand
    _interface: ServerSideSessionInterface | None  # makes the id of a new session when it is first needed
    # Until it is loaded: the ids from the request's cookies, each with its store key, in the order to try.
    _unloaded: list[tuple[str, str]] | None
    _app: Flask | None
    _store: Store | None
    _unloadable: BaseException | None  # why loading failed; each later touch fails alike, at once
    _load_lock: AbstractContextManager[Any] | None  # per session: no other process inherits it locked
    _known_permanent: bool | None  # known without loading, while the interface saves an untouched session
    _record: Record | None
    _record_sid: str | None
    _record_key: str | None  # where the record lies in the store
    _renewed: bool  # the id was regenerated; the record still lies under _record_key
    _adopted: bool  # the application chose the id
    _assigned: set[Any] | None
    _deleted: set[Any] | None
    _cleared: bool
    _load_failure: StoreFailure | None  # it could not be loaded: it stays empty
    _save_failure: BaseException | None  # why the last save failed
    _snapshot: bytes | str | None  # encoded as loaded, where hooks of the application load it
    _extended: bool  # its life was extended when it was loaded, in this request
    _saved_by: Flask | None  # the response was made before anybody touched the session: changes come too late

    __slots__ = tuple(__annotations__)

    def __new__(cls, *_: Any, **__: Any) -> Any:
        """A new session, empty, without an id."""
        return blank(cls)

    def __init__(self, initial: Any = None, sid: str | None = None, permanent: bool | None = None) -> None:
        """``initial``: the stored entries, or None for a new session."""
        if initial is not None:
            dict.__init__(self, initial)
            self._new = False
        self._sid = sid
        self._adopted = sid is not None
        if permanent:
            dict.__setitem__(self, "_permanent", bool(permanent))

    __new__.__wrapped__ = __init__  # type: ignore[attr-defined] # what inspect.signature shows

    # Loading

    def _load(self) -> None:
        """Loads the session now; does nothing if that is done. Raises what the store raises."""
        with self._load_lock or nullcontext():
            if self._unloaded is None:
                return
            if self._unloadable is not None:
                raise self._unloadable
            try:
                load(self)
            except Exception as failure:
                self._unloadable = failure
                raise
            self._unloaded = None

    def _touch(self) -> None:
        """What every look at the session begins with."""
        self.accessed = True
        if self._unloaded is not None:
            self._load()

    def _change(self) -> None:
        """What every change of the session begins with. Raises StoreFailure if it could not be loaded."""
        self._touch()
        failure = self._load_failure
        if failure is not None:
            raise type(failure)(
                "this session is empty and can't be changed, because it could not be loaded "
                f"(SESSION_ON_STORE_FAILURE is 'null'): {failure}"
            ) from failure

    def _resolve(self, key: Any) -> Any:
        """Decodes the pending value under ``key``; two threads get the same object."""
        with self._load_lock or nullcontext():
            value = dict.__getitem__(self, key)
            if type(value) is Pending:
                value = value.load()
                dict.__setitem__(self, key, value)
            return value

    def _touch_all(self) -> None:
        """Touches the session and decodes every value."""
        self._touch()
        for key in [key for key, value in dict.items(self) if type(value) is Pending]:
            self._resolve(key)

    def _is_empty(self) -> bool:
        """Whether nothing but ``_permanent`` is in the loaded session."""
        return is_bare(self)

    def _is_from_hooks(self) -> bool:
        """Whether it was stored, but not loaded from a record: there is nothing to compare a change with.

        Hooks of the application have loaded it, or it is a copy.
        """
        return self._record is None and not (self._new or self._adopted) and self._unloaded is None

    def _is_permanent(self) -> bool:
        """The permanent flag of the loaded session, without touching it."""
        return bool(dict.get(self, "_permanent", False))

    # Changes

    # A key may be in both: what the session holds at the end tells the commit which of them counts.

    def _note_assigned(self, *keys: Any) -> None:
        if self._assigned is None:
            self._assigned = set()
        self._assigned.update(keys)

    def _note_deleted(self, key: Any) -> None:
        if self._deleted is None:
            self._deleted = set()
        self._deleted.add(key)

    def _updated(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def _renew(self, sid: str) -> None:
        """Takes another id, under which the record moves at save."""
        self._touch()
        self._renewed = self._record is not None
        self._adopted = False
        self._sid = sid
        self.modified = True

    def _stored(self, record: Record | None, key: str) -> None:
        """What was written under ``key`` is the base of the next commit."""
        self._record = record
        self._record_sid = self._sid
        self._record_key = key
        self._new = self._renewed = self._adopted = self._cleared = False
        self._assigned = self._deleted = None

    # Attributes

    @property
    def sid(self) -> str | None:
        """The session's id."""
        self._touch()
        if self._sid is None and self._interface is not None:
            self._sid = self._interface._new_sid()
        return self._sid

    @sid.setter
    def sid(self, value: str | None) -> None:
        self._touch()
        if value != self._sid:
            self._sid = value
            self._adopted = True
            self._renewed = False
            if self._interface is not None:
                self._interface._foreign_ids = True

    @property
    def new(self) -> bool:  # type: ignore[override]
        """Whether the session was never stored."""
        self._touch()
        return self._new

    @property
    def modified(self) -> bool:
        """Whether an entry was assigned or deleted; may be set. Reading it does not load the session."""
        return self._modified

    @modified.setter
    def modified(self, value: bool) -> None:
        if value:
            self._touch()
        self._modified = bool(value)
        self._suppressed = not value

    @property
    def permanent(self) -> bool:
        """The ``_permanent`` entry."""
        if self._known_permanent is not None and self._unloaded is not None:
            return self._known_permanent
        self.accessed = True
        if self._unloaded is not None:
            self._load()
        return bool(dict.get(self, "_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self._touch()
        # Many applications set it in every request: that alone needn't fail.
        if self._load_failure is None:
            self["_permanent"] = bool(value)

    # Reading

    def __bool__(self) -> bool:
        self._touch()
        return not self._is_empty()

    def __getitem__(self, key: Any) -> Any:
        self.accessed = True
        if self._unloaded is not None:
            self._load()
        value = dict.__getitem__(self, key)
        return self._resolve(key) if type(value) is Pending else value

    def get(self, key: Any, default: Any = None) -> Any:
        """The value under ``key``, or ``default``."""
        self.accessed = True
        if self._unloaded is not None:
            self._load()
        value = dict.get(self, key, default)
        return self._resolve(key) if type(value) is Pending else value

    def __contains__(self, key: object) -> bool:
        self._touch()
        return dict.__contains__(self, key)

    def __len__(self) -> int:
        self._touch()
        return dict.__len__(self)

    def __iter__(self) -> Iterator[Any]:
        self._touch()
        return dict.__iter__(self)

    def __reversed__(self) -> Iterator[Any]:
        self._touch()
        return dict.__reversed__(self)

    def keys(self) -> KeysView[Any]:  # type: ignore[override]
        """The keys."""
        self._touch()
        return dict.keys(self)

    def items(self) -> ItemsView[Any, Any]:  # type: ignore[override]
        """The entries."""
        self._touch_all()
        return dict.items(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """The values."""
        self._touch_all()
        return dict.values(self)

    def copy(self) -> dict[Any, Any]:
        """A plain dict with the same entries."""
        self._touch_all()
        return dict.copy(self)

    def __eq__(self, other: object) -> bool:
        self._touch_all()
        if isinstance(other, ServerSideSession):
            other._touch_all()
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        self._touch_all()
        if isinstance(other, ServerSideSession):
            other._touch_all()
        return dict.__ne__(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: Any) -> Any:
        self._touch_all()
        return dict.__or__(self, other)

    def __ror__(self, other: Any) -> Any:
        self._touch_all()
        return dict.__ror__(self, other)

    def __repr__(self) -> str:
        self._touch_all()
        return f"<{type(self).__name__} {dict.__repr__(self)}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._touch_all()
        flags = {"accessed": self.accessed, "_modified": self._modified, "_new": self._new, "_sid": self.sid}
        return _rebuild, (type(self), dict.copy(self), flags), self.__dict__ or None

    # Writing

    # As `update` does it, without its calls: most changes come this way.
    def __setitem__(self, key: Any, value: Any) -> None:
        self.accessed = True
        if self._unloaded is not None:
            self._load()
        if self._load_failure is not None:
            self._change()
        dict.__setitem__(self, key, value)
        if self._assigned is None:
            self._assigned = {key}
        else:
            self._assigned.add(key)
        if self.on_update is not None:
            self.on_update(self)

    def __delitem__(self, key: Any) -> None:
        self._change()
        dict.__delitem__(self, key)
        self._note_deleted(key)
        self._updated()

    def pop(self, key: Any, default: Any = _MISSING) -> Any:
        """Removes ``key`` and returns its value, or ``default``."""
        self._change()
        if not dict.__contains__(self, key):
            return dict.pop(self, key) if default is _MISSING else default
        self._resolve(key)
        value = dict.pop(self, key)
        self._note_deleted(key)
        self._updated()
        return value

    def popitem(self) -> tuple[Any, Any]:
        """Removes and returns the last entry."""
        self._change()
        if dict.__len__(self):
            self._resolve(next(dict.__reversed__(self)))
        key, value = dict.popitem(self)
        self._note_deleted(key)
        self._updated()
        return key, value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The value under ``key``; assigns ``default`` if there is none."""
        self._touch()
        if dict.__contains__(self, key):
            return self._resolve(key)
        self[key] = default
        return default

    def update(self, arg: Any = (), /, **kwargs: Any) -> None:
        """Assigns several entries."""
        self._change()
        entries = dict(() if arg is None else arg, **kwargs)
        dict.update(self, entries)
        self._note_assigned(*entries)
        self._updated()

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def clear(self) -> None:
        """Removes everything but the ``_permanent`` entry; the id stays."""
        self._change()
        permanent = dict.get(self, "_permanent", False)
        dict.clear(self)
        self._cleared = True
        self["_permanent"] = permanent


def _rebuild(
    cls: type[ServerSideSession], entries: dict[Any, Any], flags: dict[str, Any]
) -> ServerSideSession:
    """A session apart from any request, as ``copy``, ``deepcopy`` and ``pickle`` make it."""
    session: ServerSideSession = cls.__new__(cls)
    dict.update(session, entries)
    for name, value in flags.items():
        setattr(session, name, value)
    return session
