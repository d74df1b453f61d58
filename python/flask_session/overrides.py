"""Whether an application has replaced a hook: in a subclass, a mixin, on the class or on one instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ._core import keeps

Function = TypeVar("Function", bound=Callable[..., Any])

ORIGINALS: set[Any] = set()
"""This package's own hooks."""


def original(function: Function) -> Function:
    """Marks one of this package's own hooks. By identity: a wrapper's copied attributes don't count."""
    ORIGINALS.add(function)
    return function


def unpatched(found: Any, package: str) -> Any:
    """The function or property if it is ``package``'s own, else what equals no other.

    An application may have replaced it before it imported this package.
    """
    scope = getattr(getattr(found, "fget", found), "__globals__", {})
    return found if str(scope.get("__name__")).partition(".")[0] == package else object()


def is_original(instance: Any, *names: str) -> bool:
    """Whether all these methods of ``instance`` are still this package's own."""
    return keeps(instance, names, ORIGINALS)
