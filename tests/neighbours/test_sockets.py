"""Flask-SocketIO with manage_session=False."""

from __future__ import annotations

import pytest

from .browser import Browser
from .conftest import Neighbours
from .site_process import RELEASES, SocketClient

TRANSPORTS = {"redis": "websocket", "filesystem": "polling"}


@pytest.mark.parametrize("release", RELEASES)
def test_events_and_requests_share_one_session(neighbours: Neighbours, release: str) -> None:
    transport = TRANSPORTS[neighbours.store]
    site = neighbours.start(release, "sockets")
    try:
        browser = Browser(site.url)
        with SocketClient(site.url, "session=nobody-is-logged-in", transport) as stranger:
            assert stranger.greeting == '"refused"'
        browser.post("/login", {"name": "ann"})
        with SocketClient(site.url, browser.header(), transport) as client:
            assert client.greeting == '"connected"'
            assert client.call("name") == '"ann"'
            assert client.call("count") == "1"
            assert browser.get("/count").body == "1", "a request sees what an event changed"
            assert browser.post("/count").body == "2"
            assert client.call("count") == "3", "an event sees what a request changed"
            assert client.call("name") == '"ann"'
        assert browser.get("/count").body == "3"
        with SocketClient(site.url, browser.header(), transport) as client:
            assert client.call("count") == "4"
    finally:
        site.stop()
