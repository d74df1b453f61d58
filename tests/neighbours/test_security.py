"""Flask-Security."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .browser import Browser
    from .conftest import Neighbours


def test_an_account_logs_in_with_its_token_is_fresh_and_logs_out(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        assert browser.get("/account").location.startswith("/login")
        token = browser.get("/login").field("csrf_token")
        form = {"email": "ann@example.com", "password": "open sesame", "csrf_token": token}
        assert browser.post("/login", {**form, "csrf_token": "made up"}).status == 400
        assert browser.post("/login", {**form, "password": "wrong"}).status == 200
        assert browser.get("/account").status == 302
        assert browser.post("/login", form).status == 302
        assert browser.get("/account").body == "ann@example.com"
        assert browser.get("/important").body == "done"
        assert browser.post("/logout", {"csrf_token": token}).status == 302
        assert browser.get("/account").status == 302

    neighbours.play("security", script)


def test_a_changed_password_ends_other_sessions(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        def log_in(password: str) -> int:
            token = browser.get("/login").field("csrf_token")
            form = {"email": "ann@example.com", "password": password, "csrf_token": token}
            return browser.post("/login", form).status

        log_in("open sesame")
        other = browser.header()
        browser.jar.clear()
        log_in("open sesame")
        token = browser.get("/change").field("csrf_token")
        changed = {
            "password": "open sesame",
            "new_password": "close sesame",
            "new_password_confirm": "close sesame",
            "csrf_token": token,
        }
        assert browser.post("/change", changed).status == 302
        assert browser.get("/account").body == "ann@example.com"
        browser.jar.clear()
        assert browser.get("/account", Cookie=other).status == 302
        browser.jar.clear()
        assert log_in("close sesame") == 302

    neighbours.play("security", script)
