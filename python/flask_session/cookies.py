"""Finding the session cookie in a request."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from ._core import cookie_values
from .overrides import unpatched

COOKIES: Any = unpatched(Request.cookies, "werkzeug")
MOST_CANDIDATES = 3
"""A browser may send several cookies of one name (another path or domain); so many are tried."""


def header_of(request: Any) -> str | None:
    """The Cookie header of a request whose cookies are Werkzeug's; empty if there is none.

    Reading it costs a twentieth of parsing every cookie.
    """
    if getattr(type(request), "cookies", None) is COOKIES and "cookies" not in request.__dict__:
        header: str = request.environ.get("HTTP_COOKIE", "")
        return header
    return None


def candidates(request: Any, header: str | None, name: str) -> list[str]:
    """The values of the cookies called ``name``, in the order they were sent; empty ones left out.

    ``header``: the request's, or None where only ``request.cookies`` says what was sent.
    """
    if header is not None and (values := cookie_values(header, name, MOST_CANDIDATES)) is not None:
        return values
    cookies = request.cookies
    if hasattr(cookies, "getlist"):
        found = [text for text in cookies.getlist(name) if text]
    else:
        text = cookies.get(name)
        found = [text] if text else []
    return found[:MOST_CANDIDATES]
