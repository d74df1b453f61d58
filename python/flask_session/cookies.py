"""Finding the session cookie in a request."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from ._core import cookie_values
from .overrides import unpatched

COOKIES: Any = unpatched(Request.cookies, "werkzeug")
MOST_CANDIDATES = 3
"""A browser may send several cookies of one name (another path or domain); so many are tried."""


def candidates(request: Any, name: str) -> list[str]:
    """The values of the cookies called ``name``, in the order they were sent; empty ones left out."""
    if getattr(type(request), "cookies", None) is COOKIES and "cookies" not in request.__dict__:
        # A twentieth of the work of parsing every cookie.
        values = cookie_values(request.environ.get("HTTP_COOKIE", ""), name, MOST_CANDIDATES)
        if values is not None:
            return values
    cookies = request.cookies
    if hasattr(cookies, "getlist"):
        found = [text for text in cookies.getlist(name) if text]
    else:
        text = cookies.get(name)
        found = [text] if text else []
    return found[:MOST_CANDIDATES]
