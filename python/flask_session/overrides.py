"""Whether an application has replaced a hook: in a subclass, a mixin, on the class or on one instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ._core import keeps

Function = TypeVar("Function", bound=Callable[..., Any])

ORIGINALS: set[Any] = set()
"""This package's own hooks, and those of Flask's that it knows."""


def original(function: Function) -> Function:
    """Marks one of this package's own hooks. By identity: a wrapper's copied attributes don't count."""
    ORIGINALS.add(function)
    return function


def is_original(instance: Any, *names: str) -> bool:
    """Whether all these methods of ``instance`` are still this package's own."""
    return keeps(instance, names, ORIGINALS)
