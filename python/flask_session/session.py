"""``ServerSideSession``: the dict that users hold.

An unloaded session physically holds one private entry, so that C code which looks past our methods (``json``
asks for the size first) doesn't take it for an empty dict. Any touch loads it. After that, large and nested
values are ``Pending`` until somebody looks at them, and what the request assigns, deletes and clears is noted
for the merge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.sessions import SessionMixin
from werkzeug.datastructures import CallbackDict

from ._core import Session

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

_MISSING: Any = object()


class ServerSideSession(Session, CallbackDict[str, Any], SessionMixin):  # type: ignore[override]
    """A server-side session, used through ``flask.session``.

    ``sid``: its id; assigning another saves the session under that one.
    ``new``: true until it is stored.
    ``modified``: set when an entry is assigned or deleted; a change inside a value is saved without it.
    ``accessed``: set when it is looked at in any way; the response then says ``Vary: Cookie``.
    ``permanent``: the ``_permanent`` entry.
    """

    __slots__ = ()

    def __init__(self, initial: Any = None, sid: str | None = None, permanent: bool | None = None) -> None:
        """``initial``: the stored entries, or None for a new session."""
        if initial is not None:
            dict.__init__(self, initial)
            self._new = False
        self._sid = sid
        self._adopted = sid is not None
        if permanent:
            dict.__setitem__(self, "_permanent", bool(permanent))

    # Reading

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
        self._note_cleared()
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
