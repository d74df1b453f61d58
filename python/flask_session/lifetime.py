"""How long sessions live, in seconds."""

from __future__ import annotations

from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.config import ConfigAttribute

from ._core import Lifetime
from .overrides import unpatched

if TYPE_CHECKING:
    from datetime import timedelta


def seconds(lifetime: timedelta) -> int:
    """A session's time to live: whole seconds as in Flask-Session, and never so few that a store refuses."""
    return max(int(lifetime.total_seconds()), 1)


def _flasks_own(found: Any) -> Any:
    """The attribute of applications if it is as Flask ships it, else what no class has."""
    if type(found) is ConfigAttribute and found.__name__ == "PERMANENT_SESSION_LIFETIME":
        converter = found.get_converter
        return found if unpatched(converter, "flask") is converter else object()
    return object()


LIFETIME = Lifetime(_flasks_own(getattr_static(Flask, "permanent_session_lifetime", None)))
"""The same of an application, found without its property's work."""
