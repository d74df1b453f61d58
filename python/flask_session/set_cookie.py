"""Writing the session cookie into a response: the text that Werkzeug would write, without its work.

``response.set_cookie`` and ``response.vary`` are used themselves where an application has replaced them or
what makes the text, or where a response isn't Werkzeug's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.http import dump_cookie, http_date
from werkzeug.wrappers import Response

from ._core import HeaderWriter, Template
from .overrides import unpatched

_VALUE, _EXPIRES = "the-value-of-the-cookie", "the-day-on-which-it-expires"


def _appends() -> bool:
    """Whether Werkzeug's headers are a list of pairs, as they always were."""
    headers: Any = Headers([("Vary", "Cookie")])
    return bool(getattr(headers, "_list", None) == [("Vary", "Cookie")])


WRITER = HeaderWriter(
    Headers,
    add=unpatched(Headers.add, "werkzeug"),
    set_cookie=unpatched(Response.set_cookie, "werkzeug"),
    dump_cookie=unpatched(dump_cookie, "werkzeug"),
    vary=unpatched(Response.vary, "werkzeug"),
    appends=_appends(),
)
vary_by_cookie = WRITER.vary_by_cookie


def set_cookie(response: Any, name: str, value: str, expires: Any, attributes: dict[str, Any]) -> None:
    """Sets the cookie ``name``; ``attributes`` as ``response.set_cookie`` takes them."""
    # A date in words may be anything.
    if not isinstance(expires, str) and WRITER.takes(response, value):
        template = template_of(name, expires is not None, attributes)
        if template is not None:
            WRITER.add(response, template, value, "" if expires is None else http_date(expires))
            return
    response.set_cookie(key=name, value=value, expires=expires, **attributes)


def template_of(name: str, expires: bool, attributes: dict[str, Any]) -> Template | None:
    """The template of a cookie with or without a date, or None if Werkzeug has to write this one."""
    try:
        # The types, since 1 equals True and is written otherwise.
        kinds = tuple(map(type, attributes.values()))
        return _template(name, expires, tuple(attributes.items()), kinds)
    except TypeError:  # an attribute that can't be hashed
        return None


@lru_cache(maxsize=64)
def _template(
    name: str, expires: bool, attributes: tuple[tuple[str, Any], ...], _kinds: tuple[type, ...]
) -> Template | None:
    made = dump_cookie(name, _VALUE, expires=_EXPIRES if expires else None, max_size=0, **dict(attributes))
    before, _, rest = made.partition(_VALUE)
    between, dated, after = rest.partition(_EXPIRES)
    # A long one is Werkzeug's, which warns of what browsers refuse; so is one that it refuses itself.
    is_plain = made.isascii() and len(made) <= 1000 and len(made.splitlines()) == 1
    if not is_plain or made.count(_VALUE) != 1 or bool(dated) != expires:
        return None
    return Template(before, between, after)
