"""Redis as a cluster and behind a sentinel: natively, by a URL, and through redis-py."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import flask
import pytest
import redis
from redis.sentinel import Sentinel

from flask_session import Session, SessionError
from flask_session._core import Store
from flask_session.foreign import RedisStyleStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from started_server import StartedServer

FAILOVER_LIMIT = 120.0


class Site:
    """An application on one Redis client, without HTTP."""

    def __init__(self, client: Any, **config: Any) -> None:
        self.app = flask.Flask("deployed")
        self.app.config.update(SESSION_TYPE="redis", SESSION_REDIS=client, **config)
        Session(self.app)
        self.interface: Any = self.app.session_interface

    def close(self) -> None:
        """Closes the client that was made of a URL, and its sentinels' clients."""
        client = self.interface._own_client
        if client is not None:
            client.close()
        manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
        for sentinel in manager.sentinels if manager else ():
            sentinel.close()

    def open(self, sid: str | None) -> Any:
        header = {"HTTP_COOKIE": f"session={sid}"} if sid else {}
        return self.interface.open_session(self.app, self.app.request_class(header))

    def save(self, session: Any) -> flask.Response:
        response = flask.Response()
        self.interface.save_session(self.app, session, response)
        return response

    def new(self, **entries: Any) -> str:
        session = self.open(None)
        session.update(entries)
        self.save(session)
        return session.sid


@pytest.fixture
def cluster(redis_cluster: StartedServer) -> Iterator[redis.RedisCluster]:
    client = redis.RedisCluster(host="127.0.0.1", port=redis_cluster.port)
    yield client
    client.close()


@pytest.fixture(params=["native", "python_client_of_the_url", "object"])
def cluster_site(
    request: pytest.FixtureRequest, redis_cluster: StartedServer, cluster: redis.RedisCluster
) -> Iterator[Site]:
    url = f"redis+cluster://127.0.0.1:{redis_cluster.port}"
    native = request.param != "python_client_of_the_url"
    site = Site(cluster if request.param == "object" else url, SESSION_NATIVE=native)
    yield site
    site.close()


@pytest.fixture
def sentinel(redis_sentinel: StartedServer) -> Iterator[Sentinel]:
    found = Sentinel([("127.0.0.1", redis_sentinel.port)], socket_timeout=1)
    yield found
    for one in found.sentinels:
        one.close()


@pytest.fixture
def primary(sentinel: Sentinel) -> Iterator[redis.Redis]:
    client = sentinel.master_for("main")
    yield client
    client.close()


@pytest.fixture(params=["native", "python_client_of_the_url", "object"])
def sentinel_site(
    request: pytest.FixtureRequest, redis_sentinel: StartedServer, primary: redis.Redis
) -> Iterator[Site]:
    # Nobody listens at the first.
    url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{redis_sentinel.port}/main/0?socket_timeout=5"
    native = request.param != "python_client_of_the_url"
    site = Site(primary if request.param == "object" else url, SESSION_NATIVE=native)
    yield site
    site.close()


def test_the_store_is_what_the_configuration_says(cluster_site: Site, request: pytest.FixtureRequest) -> None:
    native = "native" in request.node.callspec.id
    assert isinstance(cluster_site.interface._current_store(), Store if native else RedisStyleStore)
    assert isinstance(cluster_site.interface.client, redis.RedisCluster)


def test_sessions_lie_on_every_node_and_their_writers_keep_both(
    cluster_site: Site, cluster: redis.RedisCluster
) -> None:
    site = cluster_site
    nodes: set[str] = set()
    # Ids are random: until one lay on each node.
    for size in itertools.chain((1, 10_000) * 4, itertools.repeat(1)):
        if size == 1 and len(nodes) == 3:
            break
        sid = site.new(text="x" * size)
        nodes.add(cluster.get_node_from_key(f"session:{sid}").name)
        one, other, emptied = site.open(sid), site.open(sid), site.open(sid)
        one["a"], other["b"] = 1, 2
        emptied.pop("text")
        site.save(one)
        site.save(other)
        site.save(emptied)
        assert dict(site.open(sid)) == {"_permanent": True, "a": 1, "b": 2}
    assert site.interface.guarantee == "merge"


def test_in_a_cluster_a_log_out_is_final_and_a_renewed_session_moves_between_nodes(
    cluster_site: Site, cluster: redis.RedisCluster
) -> None:
    site = cluster_site
    moved: set[bool] = set()
    # Ids are random: until one stayed on its node, and one moved.
    for number in itertools.count():
        if len(moved) == 2:
            break
        old = site.new(number=number)
        session = site.open(old)
        site.interface.regenerate(session)
        site.save(session)
        new = session.sid
        moved.add(cluster.get_node_from_key(f"session:{old}") == cluster.get_node_from_key(f"session:{new}"))
        assert site.open(old).new
        slow, leaving = site.open(new), site.open(new)
        slow["late"] = True
        assert slow["number"] == number
        leaving.clear()
        site.save(leaving)
        assert "Set-Cookie" not in site.save(slow).headers
        assert site.open(new).new


def test_in_a_cluster_an_unchanged_sessions_life_is_extended(
    cluster_site: Site, cluster: redis.RedisCluster
) -> None:
    site = cluster_site
    sid = site.new(a=1)
    site.interface._touches = None
    cluster.expire(f"session:{sid}", 100)
    site.save(site.open(sid))
    assert cluster.ttl(f"session:{sid}") > 1000


def test_behind_a_sentinel_two_writers_keep_both(sentinel_site: Site, primary: redis.Redis) -> None:
    site = sentinel_site
    sid = site.new(text="x" * 10_000)
    one, other = site.open(sid), site.open(sid)
    one["a"], other["b"] = 1, 2
    site.save(one)
    site.save(other)
    assert sorted(site.open(sid)) == ["_permanent", "a", "b", "text"]
    stored = primary.get(f"session:{sid}")
    assert stored is not None
    assert site.interface.client.get(f"session:{sid}") == stored
    assert site.interface.guarantee == "merge"


class Counting:
    """One visitor after another counts in a session, and writes down what the replica has acknowledged."""

    def __init__(self, site: Site, sentinel: Sentinel) -> None:
        self.site = site
        self.sid = site.new(count=0)
        # Commands on one connection: what was sent before WAIT is what it waits for.
        self.witness = sentinel.master_for("main", max_connections=1)
        self.acknowledged = 0
        self.failed = 0
        self.after_failover = 0

    def count(self, ended: threading.Event, failed_over: threading.Event) -> None:
        while not ended.is_set():
            begun_after = failed_over.is_set()
            try:
                session = self.site.open(self.sid)
                number = session.get("count")
                assert number is None or number >= self.acknowledged, "an acknowledged session was lost"
                assert not session.new, "an acknowledged session was lost"
                session["count"] = number + 1
                self.site.save(session)
                if begun_after:
                    self.after_failover += 1
                self.witness.set("witness", number)
                if self.witness.wait(1, 200):
                    self.acknowledged = number + 1
            except (redis.RedisError, SessionError, OSError):
                self.failed += 1
                time.sleep(0.01)
            except AssertionError:
                ended.set()
                raise


def test_a_failover_while_requests_run_loses_nothing_that_the_replica_had_acknowledged(
    sentinel: Sentinel, primary: redis.Redis, sentinel_site: Site
) -> None:
    site = sentinel_site
    kept = {site.new(number=number): number for number in range(50)}
    visitors = [Counting(site, sentinel) for _ in range(3)]
    assert primary.wait(1, 5000) == 1
    process, before = primary.info("server")["process_id"], sentinel.discover_master("main")
    ended, failed_over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(len(visitors)) as pool:
        running = [pool.submit(visitor.count, ended, failed_over) for visitor in visitors]
        try:
            until = time.monotonic() + FAILOVER_LIMIT
            while any(visitor.acknowledged < 5 for visitor in visitors) and time.monotonic() < until:
                time.sleep(0.01)
            os.kill(process, signal.SIGKILL)
            while failover_goes_on(sentinel, before) and time.monotonic() < until:
                time.sleep(0.05)
            failed_over.set()
            while any(visitor.after_failover < 5 for visitor in visitors) and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            ended.set()
        for one in running:
            one.result()
    assert sentinel.discover_master("main") != before
    for visitor in visitors:
        assert visitor.acknowledged >= 5
        assert visitor.after_failover >= 5
        assert site.open(visitor.sid)["count"] >= visitor.acknowledged
        visitor.witness.close()
    assert any(visitor.failed for visitor in visitors), "the primary was never missed"
    assert {sid: site.open(sid).get("number") for sid in kept} == kept
    assert site.interface.guarantee == "merge"


def failover_goes_on(sentinel: Sentinel, before: Any) -> bool:
    try:
        return sentinel.discover_master("main") == before
    except redis.RedisError:
        return True
