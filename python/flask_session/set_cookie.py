"""Writing the session cookie into a response: the text that Werkzeug would write, without its work.

``response.set_cookie`` and ``response.vary`` are used themselves where an application has replaced them, or
where a response isn't Werkzeug's.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from werkzeug.http import dump_cookie, http_date
from werkzeug.wrappers import Response

from ._core import is_session_id

_SET_COOKIE = Response.set_cookie
_VARY = Response.vary
_VALUE, _EXPIRES = "the-value-of-the-cookie", "the-day-on-which-it-expires"


def set_cookie(response: Any, name: str, value: str, expires: Any, attributes: dict[str, Any]) -> None:
    """Sets the cookie ``name``; ``attributes`` as ``response.set_cookie`` takes them."""
    if getattr(type(response), "set_cookie", None) is _SET_COOKIE and "set_cookie" not in response.__dict__:
        text = _text(name, value, expires, attributes)
        if text is not None:
            response.headers.add("Set-Cookie", text)
            return
    response.set_cookie(key=name, value=value, expires=expires, **attributes)


def vary_by_cookie(response: Any) -> None:
    """Adds ``Cookie`` to the ``Vary`` header."""
    if getattr(type(response), "vary", None) is _VARY:
        # Headers.get makes an exception for a header that isn't there.
        for name, value in response.headers:
            if name.lower() == "vary":
                if value != "Cookie":
                    response.vary.add("Cookie")
                return
        response.headers.add("Vary", "Cookie")
        return
    response.vary.add("Cookie")


def _text(name: str, value: str, expires: Any, attributes: dict[str, Any]) -> str | None:
    """The header, or None if Werkzeug has to write this one."""
    # A signed id is two ids and a dot.
    if not (is_session_id(value) or is_session_id(value.replace(".", "-", 1))):
        return None
    try:
        # The types, since 1 equals True and is written otherwise.
        kinds = tuple(map(type, attributes.values()))
        template = _template(name, expires is not None, tuple(attributes.items()), kinds)
    except TypeError:  # an attribute that can't be hashed
        return None
    if template is None:
        return None
    before, between, after = template
    return f"{before}{value}{between}{'' if expires is None else _date(expires)}{after}"


@lru_cache(maxsize=64)
def _template(
    name: str, expires: bool, attributes: tuple[tuple[str, Any], ...], _kinds: tuple[type, ...]
) -> tuple[str, str, str] | None:
    """What stands before the value, between it and the date, and after that; None if that isn't certain."""
    made = dump_cookie(name, _VALUE, expires=_EXPIRES if expires else None, max_size=0, **dict(attributes))
    before, _, rest = made.partition(_VALUE)
    between, dated, after = rest.partition(_EXPIRES)
    # A long one is Werkzeug's, which warns of what browsers refuse.
    if made.count(_VALUE) != 1 or bool(dated) != expires or len(made) > 1000:
        return None
    return before, between, after


def _date(moment: Any) -> str:
    if type(moment) is str:
        return moment
    if type(moment) is datetime and moment.tzinfo is not None:
        return _date_of_second(int(moment.timestamp()))
    return http_date(moment)


@lru_cache(maxsize=4)
def _date_of_second(second: int) -> str:
    return http_date(second)
