"""Both generations of the interfaces' constructors, positional or by keyword."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

ALIASES = {"redis": "client"}
"""What keyword arguments were called in older releases."""


def arguments(
    name: str,
    current: tuple[str, ...],
    older: tuple[str, ...],
    positional: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> dict[str, Any]:
    """The arguments by their current names.

    ``current`` and ``older`` are the parameters of Flask-Session 0.8 and of 0.4 to 0.6. Which of them is
    meant is told by what the first argument is: a Flask application, or not.
    """
    names = older if positional and _is_older(positional, older) else current
    if len(positional) > len(names):
        raise TypeError(f"{name} takes at most {len(names)} arguments, but {len(positional)} were given")
    given = dict(zip(names, positional, strict=False))
    for keyword, value in keywords.items():
        known = keyword if keyword in current else ALIASES.get(keyword, keyword)
        if known not in current:
            raise TypeError(f"{name} got an unexpected keyword argument {keyword!r}")
        if known in given:
            raise TypeError(f"{name} got several values for argument {keyword!r}")
        given[known] = value
    return given


def _is_older(positional: tuple[Any, ...], older: tuple[str, ...]) -> bool:
    first = positional[0]
    if isinstance(first, Flask) or (older and older[0] == "app"):
        return False
    if first is not None:
        return True
    # No application and no client: the older order goes on with a key prefix, today's with a client.
    second = positional[1] if len(positional) > 1 else None
    return isinstance(second, str) and "://" not in second
