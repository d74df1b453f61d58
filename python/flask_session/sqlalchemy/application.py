"""The application in whose context we are."""

from __future__ import annotations

from typing import Any

from flask import current_app, has_app_context


def application() -> Any:
    """The current application, or None."""
    return current_app._get_current_object() if has_app_context() else None  # type: ignore[attr-defined]
