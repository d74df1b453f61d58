"""Finding the session cookie in a request."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

_COOKIES = Request.cookies
MOST_CANDIDATES = 3
"""A browser may send several cookies of one name (another path or domain); so many are tried."""


def candidates(request: Any, name: str) -> list[str]:
    """The values of the cookies called ``name``, in the order they were sent; empty ones left out.

    Only ``request.cookies`` is needed. A plain Werkzeug request is read from its header instead, which costs
    a twentieth of parsing every cookie.
    """
    if getattr(type(request), "cookies", None) is _COOKIES and "cookies" not in request.__dict__:
        header = request.environ.get("HTTP_COOKIE")
        if not header or name not in header:
            return []
        if '"' not in header:
            return _scan(header, name)
    cookies = request.cookies
    if hasattr(cookies, "getlist"):
        found = [text for text in cookies.getlist(name) if text]
    else:
        text = cookies.get(name)
        found = [text] if text else []
    return found[:MOST_CANDIDATES]


def _scan(header: str, name: str) -> list[str]:
    """The values under ``name`` in a Cookie header without quoted values."""
    found = []
    for pair in header.split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name and (value := value.strip()):
            found.append(value)
            if len(found) == MOST_CANDIDATES:
                break
    return found
