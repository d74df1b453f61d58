"""`examples/shared` over HTTP: one user, one cart, in Flask and in axum."""

from __future__ import annotations

import http.cookiejar
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the example is served, on sessions in files of its own."""
    store = f"file:{tmp_path_factory.mktemp('sessions')}"
    command = [sys.executable, ROOT / "examples" / "shared" / "run.py", "--port", "0", "--store", store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # Flask's own server prints a line or two before.
            lines = iter(process.stdout.readline, "")
            yield next(line.split(" is Flask", 1)[0] for line in lines if " is Flask" in line)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


class Browser:
    def __init__(self, url: str, agent: str = "a browser") -> None:
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.opener.addheaders = [("User-Agent", agent)]

    def ask(
        self, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and body; a POST if there is a form. Follows redirects."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(urllib.parse.urljoin(self.url, path), data, headers or {})
        try:
            with self.opener.open(request, timeout=60) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def page(self) -> str:
        status, body = self.ask("/")
        assert status == 200
        return body

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.page())
        assert found
        return found[1]

    def log_in(self, name: str) -> str:
        status, body = self.ask("/login", {"name": name, "csrf_token": self.token()})
        assert status == 200
        return body

    def sid(self) -> str:
        (cookie,) = (cookie for cookie in self.cookies if cookie.name == "session")
        assert cookie.value
        return cookie.value


def test_who_logs_in_on_a_flask_page_fills_the_cart_through_axum_and_logs_out_in_both(url: str) -> None:
    browser = Browser(url)
    assert browser.ask("/api/me")[0] == 401
    before = browser.log_in("ann")
    assert "You are ann" in before
    assert "Welcome." in before
    status, me = browser.ask("/api/me")
    assert (status, json.loads(me)) == (200, {"id": "ann", "fresh": True})
    sid = browser.sid()

    header = {"X-CSRFToken": browser.token()}
    for quantity in (1, 2):
        status, cart = browser.ask("/api/cart/pencil", {}, header)
        assert (status, json.loads(cart)) == (200, [{"product": "pencil", "quantity": quantity}])
    page = browser.page()
    assert "2 x pencil" in page
    assert "Added to your cart." in page
    assert "Added to your cart." not in browser.page()
    assert json.loads(browser.ask("/api/cart")[1]) == [{"product": "pencil", "quantity": 2}]
    assert browser.sid() == sid

    browser.ask("/logout", {"csrf_token": browser.token()})
    assert browser.ask("/api/me")[0] == 401
    assert browser.ask("/api/cart")[0] == 401
    assert "Log in" in browser.page()


def test_without_flask_wtfs_token_axum_changes_nothing(url: str) -> None:
    browser, other = Browser(url), Browser(url)
    browser.log_in("ann")
    other.log_in("bob")
    for header in ({}, {"X-CSRFToken": "x.y.z"}, {"X-CSRFToken": other.token()}):
        assert browser.ask("/api/cart/pencil", {}, header)[0] == 400
    assert json.loads(browser.ask("/api/cart")[1]) == []


def test_a_session_in_another_browser_is_not_fresh(url: str) -> None:
    browser = Browser(url)
    browser.log_in("ann")
    browser.opener.addheaders = [("User-Agent", "another browser")]
    assert json.loads(browser.ask("/api/me")[1]) == {"id": "ann", "fresh": False}
