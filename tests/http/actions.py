"""What views do to the session, as functions to hand to a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, flash, get_flashed_messages, session

if TYPE_CHECKING:
    from collections.abc import Callable


def nothing() -> None:
    """Doesn't touch the session."""


def put(**values: Any) -> Callable[[], None]:
    return lambda: session.update(values)


def assign(**values: Any) -> Callable[[], None]:
    """As `put`, one `session[key] = value` after the other."""

    def one_by_one() -> None:
        for key, value in values.items():
            session[key] = value

    return one_by_one


def see(key: str) -> Callable[[], Any]:
    return lambda: session.get(key)


def see_all() -> dict[str, Any]:
    return {key: session[key] for key in sorted(session) if key != "_permanent"}


def take(key: str) -> Callable[[], Any]:
    return lambda: session.pop(key)


def log_out() -> None:
    session.clear()


def renew() -> None:
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]


def announce(message: str) -> Callable[[], None]:
    return lambda: flash(message)


def show_messages() -> list[Any]:
    return list(get_flashed_messages())
