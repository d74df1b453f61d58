"""Flask-Session and we share one memcached, in both directions, and nobody is logged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compat.continuing import Conversation
from compat.test_older_releases import FILL, PICKLED, PLAIN, SEE

if TYPE_CHECKING:
    from compat.conftest import Player
    from memcached_server import MemcachedServer

LIBRARIES = ("memcache", "pymemcache", "pylibmc")
SIGNED_JSON = {
    "SESSION_USE_SIGNER": True,
    "SECRET_KEY": "a secret",
    "SESSION_SERIALIZATION_FORMAT": "json",
}


def conversation(player: Player, server: MemcachedServer, library: str, **settings: Any) -> Conversation:
    places = {"MEMCACHED": server.address, "MEMCACHED_LIBRARY": library}
    return Conversation(player, SESSION_TYPE="memcached", **places, **settings)


@pytest.mark.parametrize("native", [True, False], ids=["native", "python_client"])
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("settings", [{}, SIGNED_JSON], ids=["msgpack", "signed_json"])
def test_a_session_goes_back_and_forth_without_a_log_out(
    player: Player, memcached_server: MemcachedServer, library: str, settings: dict[str, Any], native: bool
) -> None:
    talk = conversation(player, memcached_server, library, **settings)
    ours = {"SESSION_NATIVE": native}
    talk.ask("0.8.0", 'session["user"] = "ann"; session["cart"] = [{"pen": 1}]')
    first = talk.cookie
    seen = talk.ask("ours", 'session["cart"].append({"ink": 2})', 'session["user"]', **ours)
    assert seen["body"] == "'ann'"
    seen = talk.ask("0.8.0", 'session["count"] = 1', 'session["cart"]')
    assert seen["body"] == "[{'pen': 1}, {'ink': 2}]"
    assert first is not None
    key = "session:" + first.partition(".")[0]
    theirs = memcached_server.get(key)
    for number in (2, 1):
        talk.ask("ours", f'session["count"] = {number}', **ours)
    assert memcached_server.get(key) == theirs
    assert talk.cookie == first
    talk.ask("ours", "session.clear()", **ours)
    assert talk.cookie is None
    assert memcached_server.get(key) is None


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("release", "expected"), {"0.4.0": PICKLED, "0.6.0": PICKLED, "0.8.0": PLAIN}.items()
)
def test_sessions_of_older_releases_go_on(
    player: Player, memcached_server: MemcachedServer, release: str, expected: str, library: str
) -> None:
    talk = conversation(player, memcached_server, library)
    talk.ask(release, FILL)
    before = talk.cookie
    assert talk.ask("ours", "", SEE)["body"] == expected
    talk.ask("ours", 'session["user"] = "bob"')
    assert talk.cookie == before
    assert talk.ask("ours", "", SEE)["body"] == expected.replace("'ann'", "'bob'")
