"""Flask-WTF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .browser import Browser

if TYPE_CHECKING:
    from .conftest import Neighbours


def test_a_form_needs_the_token_of_its_own_session(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        token = browser.get("/form").field("csrf_token")
        assert browser.post("/form", {"name": "Ann"}).status == 400
        assert browser.post("/form", {"name": "Ann", "csrf_token": "made up"}).status == 400
        for _ in range(2):
            assert browser.post("/form", {"name": "Ann", "csrf_token": token}).body == "hello Ann"
        stranger = Browser(browser.url)
        stranger.get("/form")
        assert stranger.post("/form", {"name": "Ann", "csrf_token": token}).status == 400
        browser.get("/forget")
        assert browser.post("/form", {"name": "Ann", "csrf_token": token}).status == 400
        again = browser.get("/form").field("csrf_token")
        assert browser.post("/form", {"name": "Ann", "csrf_token": again}).body == "hello Ann"

    neighbours.play("forms", script)


def test_a_script_sends_the_token_in_a_header(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        token = browser.get("/token").body
        assert browser.post("/script").status == 400
        assert browser.post("/script", X_CSRFToken=token).body == "done"

    neighbours.play("forms", script)
