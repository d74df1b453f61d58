"""Whether an application has replaced a hook: in a subclass, a mixin, on the class or on one instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_ORIGINALS: set[Any] = set()


def original(function: Function) -> Function:
    """Marks one of this package's own hooks. By identity: a wrapper's copied attributes don't count."""
    _ORIGINALS.add(function)
    return function


def is_original(instance: Any, name: str) -> bool:
    """Whether ``instance.name`` is still one of this package's own hooks."""
    return name not in instance.__dict__ and getattr(type(instance), name, None) in _ORIGINALS


def keeps_storage(instance: Any) -> bool:
    """Whether all the hooks that read and write the store are ours. On the path of each request."""
    kind, own = type(instance), instance.__dict__
    return (
        kind._retrieve_session_data in _ORIGINALS
        and kind._upsert_session in _ORIGINALS
        and kind._delete_session in _ORIGINALS
        and "_retrieve_session_data" not in own
        and "_upsert_session" not in own
        and "_delete_session" not in own
    )
