"""Finding the session cookie in a request."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from ._core import cookie_values

COOKIES = Request.cookies
"""While a request has these, it can be read from its header, at a twentieth of the cost of parsing it."""
MOST_CANDIDATES = 3
"""A browser may send several cookies of one name (another path or domain); so many are tried."""


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
