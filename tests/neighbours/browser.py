"""A browser that keeps cookies, follows nothing by itself, and notes what could be observed."""

from __future__ import annotations

import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

LIMIT = 60.0
SESSIONS = ("session", "provider")
"""The cookies of the sessions, of the site and the provider."""
DELETES = re.compile(r"Max-Age=0|01 Jan 1970")
VARYING = re.compile(r"127\.0\.0\.1(:|%3A)\d+|(state|nonce|code|code_challenge)=[^&]+")


@dataclass
class Answer:
    """What the browser got."""

    status: int
    body: str
    headers: Message

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    def field(self, name: str) -> str:
        """The value of a form's field."""
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', self.body)
        assert found, self.body
        return found[1]


class Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A redirection is an answer like others."""


class Browser:
    """Visits one site or several; relative addresses are the first one's."""

    def __init__(self, url: str, certificate: Path | None = None) -> None:
        self.url = url
        self.jar = CookieJar()
        context = ssl.create_default_context(cafile=certificate) if certificate else None
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar),
            urllib.request.HTTPSHandler(context=context),
            Unfollowed,
        )
        self.transcript: list[dict[str, Any]] = []

    def get(self, address: str, **headers: str) -> Answer:
        return self.ask(address, None, headers)

    def post(self, address: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        return self.ask(address, urllib.parse.urlencode(form or {}).encode(), headers)

    def ask(self, address: str, form: bytes | None, headers: dict[str, str]) -> Answer:
        before = self.cookies()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = urllib.parse.urljoin(self.url, address)
        try:
            response = self.opener.open(urllib.request.Request(url, form, named), timeout=LIMIT)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            answer = Answer(response.status, response.read().decode(errors="replace"), response.headers)
        self.transcript.append(observed(address, answer, before))
        return answer

    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.jar}

    def drop(self, name: str) -> str:
        """Forgets a cookie, as a browser that was closed does, and returns what it held."""
        (found,) = (cookie for cookie in self.jar if cookie.name == name)
        self.jar.clear(found.domain, found.path, found.name)
        return found.value or ""

    def header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies().items())


def observed(address: str, answer: Answer, before: dict[str, str]) -> dict[str, Any]:
    """The answer without what differs from one run to the next, and without what `docs/differences.md` lists.

    That 0.8.0 sends an unchanged cookie with each answer is `touched-once-an-interval`; that it deletes
    cookies without their attributes, `deleted-as-set`.
    """
    cookies = []
    for text in answer.headers.get_all("Set-Cookie") or []:
        name, _, value = text.partition(";")[0].partition("=")
        attributes = text.partition(";")[2]
        if DELETES.search(text):
            cookies.append(f"{name} deleted")
        elif name not in SESSIONS or before.get(name) != value:
            cookies.append(f"{name} set;{re.sub('Expires=[^;]*', 'Expires', attributes)}")
    return {
        "address": VARYING.sub("...", address),
        "status": answer.status,
        "location": VARYING.sub("...", answer.location),
        "cookies": sorted(cookies),
        "vary": answer.headers.get("Vary") if cookies else "not compared",
    }
