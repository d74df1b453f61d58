"""Authlib's Flask client and Microsoft's `identity`, at a provider made of Authlib's server part.

Site and provider are two applications on one host, with one store: each keeps its own cookie.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .browser import Browser
    from .conftest import Neighbours


def test_authlibs_client_logs_in_and_takes_no_answer_twice(neighbours: Neighbours) -> None:
    def script(browser: Browser, provider: str) -> None:
        assert browser.get("/account").status == 401
        assert browser.get(browser.get("/login").location).status == 401, "nobody is known at the provider"
        browser.post(f"{provider}/tenant/login", {"user": "ann"})
        back = browser.get(browser.get("/login").location).location
        assert back.startswith(f"{browser.url}/authorized?")
        assert browser.get(back).body == "welcome"
        assert browser.get("/account").body == "ann"
        assert browser.get(back).status == 500, "its state is used up"
        assert browser.get("/account").body == "ann"
        browser.get("/logout")
        assert browser.get("/account").status == 401
        assert browser.get(browser.get("/login").location).status == 302, "the provider's session is another"
        assert set(browser.cookies()) == {"session", "provider"}

    neighbours.play_with_provider("oauth_client", script)


def test_identity_logs_in_and_out(neighbours: Neighbours) -> None:
    def script(browser: Browser, provider: str) -> None:
        browser.post(f"{provider}/tenant/login", {"user": "ann"})
        page = browser.get("/")
        found = re.search(r"URL=([^']+)'", page.body)
        assert found, page.body
        back = browser.get(found[1].replace("&amp;", "&")).location
        assert back.startswith(f"{browser.url}/authorized?")
        assert browser.get(back).status == 302
        assert browser.get("/").body == "ann"
        away = browser.get("/logout").location
        assert away.startswith(f"{provider}/tenant/logout?")
        assert browser.get(away).body == "goodbye"
        assert "URL=" in browser.get("/").body

    neighbours.play_with_provider("microsoft", script)
