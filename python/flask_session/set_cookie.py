"""Writing the session cookie into a response: the text that Werkzeug would write, without its work.

``response.set_cookie`` and ``response.vary`` are used themselves where an application has replaced them, or
where a response isn't Werkzeug's.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.http import dump_cookie, http_date
from werkzeug.wrappers import Response

from ._core import first_header, is_session_id
from .overrides import unpatched

_SET_COOKIE = unpatched(Response.set_cookie, "werkzeug")
_VARY = unpatched(Response.vary, "werkzeug")
_VALUE, _EXPIRES = "the-value-of-the-cookie", "the-day-on-which-it-expires"


class Template(NamedTuple):
    """A cookie's text: what stands before its value, between that and the date, and after the date."""

    before: str
    between: str
    after: str


def set_cookie(response: Any, name: str, value: str, expires: Any, attributes: dict[str, Any]) -> None:
    """Sets the cookie ``name``; ``attributes`` as ``response.set_cookie`` takes them."""
    if writes_as_werkzeug(response, value):
        template = template_of(name, expires is not None, attributes)
        if template is not None:
            write(response, template, value, "" if expires is None else _date(expires))
            return
    response.set_cookie(key=name, value=value, expires=expires, **attributes)


def writes_as_werkzeug(response: Any, value: str) -> bool:
    """Whether a template may be used: in Werkzeug's own response, for a value that needs no quotes."""
    # Not by `response.__dict__`: looking at that makes all its attributes slower.
    method: Any = getattr(response, "set_cookie", None)
    return (
        getattr(method, "__func__", None) is _SET_COOKIE
        and method.__self__ is response
        # A signed id is two ids and a dot.
        and (is_session_id(value) or is_session_id(value.replace(".", "-", 1)))
    )


def template_of(name: str, expires: bool, attributes: dict[str, Any]) -> Template | None:
    """The template of a cookie with or without a date, or None if Werkzeug has to write this one."""
    try:
        # The types, since 1 equals True and is written otherwise.
        kinds = tuple(map(type, attributes.values()))
        return _template(name, expires, tuple(attributes.items()), kinds)
    except TypeError:  # an attribute that can't be hashed
        return None


def write(response: Any, template: Template, value: str, date: str) -> None:
    """Adds the header. ``date`` is empty for a cookie without one."""
    before, between, after = template
    headers, text = response.headers, f"{before}{value}{between}{date}{after}"
    # A text without a line break: looking for one is what Headers.add spends its time on.
    if _APPENDS and type(headers) is Headers and Headers.add is _ADD:
        headers._list.append(("Set-Cookie", text))
    else:
        headers.add("Set-Cookie", text)


def vary_by_cookie(response: Any) -> None:
    """Adds ``Cookie`` to the ``Vary`` header."""
    if getattr(type(response), "vary", None) is not _VARY or not isinstance(response.headers, Headers):
        response.vary.add("Cookie")
        return
    headers = response.headers
    appends = _APPENDS and type(headers) is Headers
    # Headers.get makes an exception for a header that isn't there.
    value = first_header(headers._list if appends else [(name, value) for name, value in headers], "vary")
    if value is not None:
        if value != "Cookie":
            response.vary.add("Cookie")
    elif appends and Headers.add is _ADD:
        headers._list.append(("Vary", "Cookie"))
    else:
        headers.add("Vary", "Cookie")


def _appends() -> bool:
    """Whether Werkzeug's headers are a list of pairs, as they always were."""
    headers: Any = Headers([("Vary", "Cookie")])
    return bool(getattr(headers, "_list", None) == [("Vary", "Cookie")])


_ADD: Any = unpatched(Headers.add, "werkzeug")
_APPENDS = _appends()


@lru_cache(maxsize=64)
def _template(
    name: str, expires: bool, attributes: tuple[tuple[str, Any], ...], _kinds: tuple[type, ...]
) -> Template | None:
    made = dump_cookie(name, _VALUE, expires=_EXPIRES if expires else None, max_size=0, **dict(attributes))
    before, _, rest = made.partition(_VALUE)
    between, dated, after = rest.partition(_EXPIRES)
    # A long one is Werkzeug's, which warns of what browsers refuse; so is one that it refuses itself.
    if made.count(_VALUE) != 1 or bool(dated) != expires or len(made) > 1000 or len(made.splitlines()) != 1:
        return None
    return Template(before, between, after)


def _date(moment: Any) -> str:
    if type(moment) is str:
        return moment
    if type(moment) is datetime and moment.tzinfo is not None:
        return date_of_second(int(moment.timestamp()))
    return http_date(moment)


def date_of_second(second: int) -> str:
    """The date of that second since 1970, as headers write it."""
    global _last_date
    last = _last_date
    if last[0] != second:
        _last_date = last = second, http_date(second)
    return last[1]


_last_date = 0, http_date(0)
