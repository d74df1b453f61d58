"""The cookie's attributes, as browsers judge them, and the key that signs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .finding import Finding, advice, ok, problem


def check(app: Any, interface: Any) -> Iterator[Finding]:
    """Findings about the cookie that this application sets."""
    found = list(_findings(app, interface))
    if all(one.level != "problem" for one in found):
        yield ok("cookie", f"browsers accept the cookie {interface.get_cookie_name(app)!r}")
    yield from found


def _findings(app: Any, interface: Any) -> Iterator[Finding]:
    name = interface.get_cookie_name(app)
    attributes = interface._cookie_attributes(app)
    secure, same_site = attributes["secure"], str(attributes["samesite"] or "")
    if name.startswith(("__Host-", "__Secure-")) and not secure:
        yield _refused(f"its name {name!r} demands Secure", "set SESSION_COOKIE_SECURE = True")
    if name.startswith("__Host-"):
        if attributes["path"] != "/":
            yield _refused(f"its name {name!r} demands the path /", 'set SESSION_COOKIE_PATH = "/"')
        if attributes["domain"]:
            yield _refused(f"its name {name!r} forbids a domain", "set SESSION_COOKIE_DOMAIN = None")
    if same_site.lower() == "none" and not secure:
        yield _refused("SameSite=None demands Secure", "set SESSION_COOKIE_SECURE = True")
    if attributes.get("partitioned") and not secure:
        yield _refused("Partitioned demands Secure", "set SESSION_COOKIE_SECURE = True")
    if not secure:
        yield advice("cookie", "is sent over plain HTTP, too", "with HTTPS, set SESSION_COOKIE_SECURE = True")
    if not attributes["httponly"]:
        yield advice("cookie", "scripts on the page can read it", "set SESSION_COOKIE_HTTPONLY = True")
    if not same_site:
        yield advice(
            "cookie",
            "has no SameSite: older browsers send it with requests that other sites make",
            'set SESSION_COOKIE_SAMESITE = "Lax"',
        )
    if interface.use_signer and not app.secret_key:
        yield problem(
            "cookie",
            "is to be signed, but there is no key: each request fails",
            "set SECRET_KEY, or SESSION_USE_SIGNER = False",
        )


def _refused(reason: str, change: str) -> Finding:
    return problem("cookie", f"browsers refuse it: {reason}", change)
