"""Flask-Login."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .browser import Browser
    from .conftest import Neighbours


def test_members_log_in_are_remembered_confirm_themselves_and_log_out(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        assert browser.get("/account").location.startswith("/login?next=")
        assert browser.get("/login").body == "Please log in to access this page."
        assert browser.get("/login").body == ""
        browser.post("/login", {"name": "ann", "remember": "yes"})
        assert browser.get("/account").body == "ann fresh"
        assert browser.get("/password").body == "may be changed"
        browser.drop("session")
        assert browser.get("/account").body == "ann stale"
        assert browser.get("/password").location.startswith("/confirm?next=")
        assert browser.get("/confirm").body == "Please reauthenticate to access this page."
        browser.post("/confirm")
        assert browser.get("/password").body == "may be changed"
        old = browser.header()
        assert browser.post("/logout").body == "goodbye"
        assert "remember_token" not in browser.cookies()
        assert browser.get("/account").status == 302
        browser.jar.clear()
        session_alone = "; ".join(part for part in old.split("; ") if part.startswith("session="))
        assert browser.get("/account", Cookie=session_alone).status == 302

    neighbours.play("login", script)


def test_another_user_agent_makes_a_session_stale(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        browser.post("/login", {"name": "ann"}, User_Agent="one")
        assert browser.get("/account", User_Agent="one").body == "ann fresh"
        assert browser.get("/account", User_Agent="other").body == "ann stale"
        assert browser.get("/account", User_Agent="one").body == "ann stale"

    neighbours.play("login", script)


def test_an_id_renewed_at_login_leaves_the_old_one_without_rights(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        assert browser.post("/cart", {"item": "pencil"}).status == 200
        before = browser.cookies()["session"]
        browser.post("/login", {"name": "ann", "renew": "yes"})
        assert browser.cookies()["session"] != before
        assert browser.get("/account").body == "ann fresh"
        assert browser.post("/cart", {"item": "ink"}).body == '{"cart":["pencil","ink"]}\n'
        browser.jar.clear()
        assert browser.get("/account", Cookie=f"session={before}").status == 302

    neighbours.play("login", script)
