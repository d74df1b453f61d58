"""Flask-Session 0.8.0, through redis-py, and we, by a URL, share a cluster, or what a sentinel watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.sentinel import Sentinel

from compat.continuing import Conversation

if TYPE_CHECKING:
    from compat.conftest import Player
    from started_server import StartedServer

SIGNED_JSON = {
    "SESSION_USE_SIGNER": True,
    "SECRET_KEY": "a secret",
    "SESSION_SERIALIZATION_FORMAT": "json",
}


def go_back_and_forth(player: Player, client: Any, url: str, theirs: dict[str, Any], **settings: Any) -> None:
    talk = Conversation(player, **settings)
    ours = {"SESSION_REDIS": url}
    talk.ask("0.8.0", 'session["user"] = "ann"; session["cart"] = [{"pen": 1}]', **theirs)
    first = talk.cookie
    assert first is not None
    key = "session:" + first.partition(".")[0]
    assert client.get(key) is not None
    seen = talk.ask("ours", 'session["cart"].append({"ink": 2})', 'session["user"]', **ours)
    assert seen["body"] == "'ann'"
    seen = talk.ask("0.8.0", 'session["count"] = 1', 'session["cart"]', **theirs)
    assert seen["body"] == "[{'pen': 1}, {'ink': 2}]"
    written, life = client.get(key), client.ttl(key)
    for number in (2, 1):
        talk.ask("ours", f'session["count"] = {number}', **ours)
    assert client.get(key) == written
    assert abs(client.ttl(key) - life) < 600
    assert talk.cookie == first
    talk.ask("ours", "session.clear()", **ours)
    assert talk.cookie is None
    assert client.get(key) is None


@pytest.mark.parametrize("settings", [{}, SIGNED_JSON], ids=["msgpack", "signed_json"])
def test_a_session_in_a_cluster_goes_back_and_forth(
    player: Player, redis_cluster: StartedServer, settings: dict[str, Any]
) -> None:
    port = redis_cluster.port
    client = redis.RedisCluster(host="127.0.0.1", port=port)
    url = f"redis+cluster://127.0.0.1:{port}"
    # More than one, since a key's node is chance.
    for _ in range(4):
        go_back_and_forth(player, client, url, {"CLUSTER_PORT": port}, **settings)
    client.close()


@pytest.mark.parametrize("settings", [{}, SIGNED_JSON], ids=["msgpack", "signed_json"])
def test_a_session_behind_a_sentinel_goes_back_and_forth(
    player: Player, redis_sentinel: StartedServer, settings: dict[str, Any]
) -> None:
    port = redis_sentinel.port
    client = Sentinel([("127.0.0.1", port)]).master_for("main")
    url = f"redis+sentinel://127.0.0.1:{port}/main"
    go_back_and_forth(player, client, url, {"SENTINEL_PORT": port}, **settings)
    client.close()
