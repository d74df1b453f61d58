"""Flask-Admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .browser import Browser
    from .conftest import Neighbours


def test_records_are_made_changed_and_deleted_with_tokens_and_messages(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        token = browser.get("/admin/item/new/").field("csrf_token")
        assert browser.post("/admin/item/new/", {"name": "quill"}).status == 200
        assert "quill" not in browser.get("/admin/item/").body
        assert browser.post("/admin/item/new/", {"name": "quill", "csrf_token": token}).status == 302
        listed = browser.get("/admin/item/").body
        assert "Record was successfully created." in listed
        assert "quill" in listed
        assert "successfully" not in browser.get("/admin/item/").body
        token = browser.get("/admin/item/edit/?id=1").field("csrf_token")
        browser.post("/admin/item/edit/?id=1", {"name": "parchment", "csrf_token": token})
        listed = browser.get("/admin/item/").body
        assert "Record was successfully saved." in listed
        assert "parchment" in listed
        browser.post("/admin/item/delete/", {"id": "1", "csrf_token": token})
        listed = browser.get("/admin/item/").body
        assert "Record was successfully deleted." in listed
        assert "parchment" not in listed

    neighbours.play("admin", script)
