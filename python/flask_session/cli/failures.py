"""What the commands say when something doesn't work: one line, and exit status 1."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from ..exceptions import SessionError
from ..guarded import store_failure


def explained(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turns an error of this package into click's, which has no traceback."""

    @functools.wraps(function)
    def wrapper(*positional: Any, **keywords: Any) -> Any:
        try:
            return function(*positional, **keywords)
        except SessionError as error:
            raise click.ClickException(str(error)) from None
        except Exception as error:
            failure = store_failure(error)
            if failure is None:
                raise
            raise click.ClickException(str(failure)) from None

    return wrapper
