"""Whether an application has replaced a hook: in a subclass, a mixin, on the class or on one instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ._core import Hooks

Function = TypeVar("Function", bound=Callable[..., Any])

ORIGINALS: dict[str, tuple[Any, ...]] = {}
"""The hooks as this package and Flask ship them, by name."""


def original(function: Function) -> Function:
    """Marks one of this package's own hooks. By identity: a wrapper's copied attributes don't count."""
    add_original(function.__name__, function)
    return function


def add_original(name: str, function: Any) -> None:
    """Marks ``function`` as what is shipped under ``name``."""
    ORIGINALS[name] = (*ORIGINALS.get(name, ()), function)


def unpatched(found: Any, package: str) -> Any:
    """The function or property if it is ``package``'s own, else what equals no other.

    An application may have replaced it before it imported this package.
    """
    scope = getattr(getattr(found, "fget", found), "__globals__", {})
    return found if str(scope.get("__name__")).partition(".")[0] == package else object()


def hooks(*names: str) -> Hooks:
    """Tells whether an instance has all these hooks as they are shipped."""
    return Hooks(names, ORIGINALS)


STORING = hooks("should_set_storage")
