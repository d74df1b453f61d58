"""Drivers that tracing tools have wrapped, and drivers that are fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .browser import Browser
    from .conftest import Neighbours

on_redis = pytest.mark.parametrize("neighbours", ["redis"], indirect=True)


@on_redis
def test_opentelemetry_sees_what_sessions_cost(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        browser.post("/put", {"name": "ann"})
        assert "SET" in browser.get("/commands").body
        assert browser.get("/see").body == "ann"
        assert "GET" in browser.get("/commands").body
        browser.post("/leave")
        assert "DEL" in browser.get("/commands").body
        assert browser.get("/see").body == "nobody"

    neighbours.play("tracing", script)


@on_redis
def test_fakeredis_is_a_redis(neighbours: Neighbours) -> None:
    def script(browser: Browser) -> None:
        assert browser.get("/see").body == "nobody"
        browser.post("/put", {"name": "ann"})
        browser.post("/put", {"name": "bob"})
        assert browser.get("/see").body == "bob"
        assert browser.get("/keys").body == "1"
        browser.post("/leave")
        assert browser.get("/keys").body == "0"

    neighbours.play("fake", script)
