"""Sessions through each Python client of memcached, on a real server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import flask
import libmc
import memcache
import pylibmc
import pytest
from pymemcache import MemcacheError
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient

from flask_session import Session, SessionError, SessionTooLarge
from memcached_server import MemcachedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMPARE: dict[str, Callable[[MemcachedServer], Any]] = {
    "url": lambda server: server.url,
    "python-memcached": lambda server: memcache.Client([server.address], cache_cas=True),
    "pylibmc": lambda server: pylibmc.Client([server.address], behaviors={"cas": True}),
    "pymemcache": lambda server: Client(server.address),
    "pooled": lambda server: PooledClient(server.address),
    "hash": lambda server: HashClient([server.address]),
    "libmc": lambda server: libmc.Client([server.address]),
}
OVERWRITE: dict[str, Callable[[MemcachedServer], Any]] = {
    "python-memcached": lambda server: memcache.Client([server.address]),
    "pylibmc": lambda server: pylibmc.Client([server.address]),
}
MONTH = 31 * 24 * 3600


class Site:
    """An application on one client, without Flask around it."""

    def __init__(self, client: Any, **config: Any) -> None:
        self.app = flask.Flask("memcached")
        native = isinstance(client, str)
        self.app.config.update(
            SESSION_TYPE="memcached", SESSION_MEMCACHED=client, SESSION_NATIVE=native, **config
        )
        Session(self.app)
        self.interface: Any = self.app.session_interface
        self.client = client

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

    def close(self) -> None:
        for name in ("close", "disconnect_all", "quit"):
            close = getattr(self.client, name, None)
            if close is not None:
                close()
                return


@pytest.fixture
def opened() -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def open_one(client: Any, **config: Any) -> Site:
        sites.append(Site(client, **config))
        return sites[-1]

    yield open_one
    for site in sites:
        site.close()


@pytest.fixture(params=COMPARE)
def site(
    request: pytest.FixtureRequest, memcached_server: MemcachedServer, opened: Callable[..., Site]
) -> Site:
    return opened(COMPARE[request.param](memcached_server))


@pytest.mark.parametrize("size", [1, 100_000])
def test_two_writers_keep_both(site: Site, size: int) -> None:
    sid = site.new(text="x" * size)
    one, other = site.open(sid), site.open(sid)
    one["a"], other["b"] = 1, 2
    site.save(one)
    site.save(other)
    found = site.open(sid)
    assert (found["a"], found["b"], len(found["text"])) == (1, 2, size)
    assert site.interface.guarantee == "merge"


def test_a_log_out_is_final(site: Site, memcached_server: MemcachedServer) -> None:
    sid = site.new(a=1)
    slow, leaving = site.open(sid), site.open(sid)
    slow["b"] = 2
    leaving.clear()
    assert "Set-Cookie" in site.save(leaving).headers
    assert "Set-Cookie" not in site.save(slow).headers
    assert site.open(sid).new
    assert memcached_server.get(f"session:{sid}") is None


def test_a_session_emptied_by_pop_keeps_what_another_request_added(site: Site) -> None:
    sid = site.new(message="hello")
    one, other = site.open(sid), site.open(sid)
    one.pop("message")
    other["cart"] = [1]
    site.save(other)
    site.save(one)
    assert dict(site.open(sid)) == {"_permanent": True, "cart": [1]}


def test_a_session_emptied_by_pop_is_gone(site: Site, memcached_server: MemcachedServer) -> None:
    sid = site.new(message="hello")
    session = site.open(sid)
    session.clear()
    session.pop("_permanent", None)
    site.save(session)
    assert memcached_server.get(f"session:{sid}") is None
    assert site.open(sid).new


def test_what_is_stored_is_flask_sessions(site: Site, memcached_server: MemcachedServer) -> None:
    sid = site.new(a=1)
    assert memcached_server.get(f"session:{sid}") == (0, b"\x82\xaa_permanent\xc3\xa1a\x01")
    # The server counts in seconds of its own.
    assert MONTH - 10 < memcached_server.life(f"session:{sid}") < MONTH + 3


def test_the_life_is_extended(site: Site, memcached_server: MemcachedServer) -> None:
    sid = site.new(a=1)
    site.interface._touches = None
    memcached_server.command(f"touch session:{sid} 100")
    session = site.open(sid)
    assert session["a"] == 1
    site.save(session)
    assert memcached_server.life(f"session:{sid}") > MONTH - 10


def test_what_is_too_large_is_an_error_that_names_size_and_limit_and_the_old_session_stays(
    site: Site,
) -> None:
    sid = site.new(a=1)
    session = site.open(sid)
    session["text"] = "x" * 2_000_000
    with pytest.raises(SessionTooLarge, match=r"20000\d\d bytes.* 10482\d\d;"):
        site.save(session)
    assert dict(site.open(sid)) == {"_permanent": True, "a": 1}


def test_a_renewed_session_leaves_the_old_id(site: Site, memcached_server: MemcachedServer) -> None:
    sid = site.new(a=1)
    session = site.open(sid)
    assert session["a"] == 1
    site.interface.regenerate(session)
    site.save(session)
    assert session.sid != sid
    assert memcached_server.get(f"session:{sid}") is None
    assert site.open(session.sid)["a"] == 1


@pytest.mark.parametrize("name", OVERWRITE)
def test_a_client_that_would_not_send_cas_overwrites_but_brings_nobody_back(
    name: str, memcached_server: MemcachedServer, opened: Callable[..., Site]
) -> None:
    site = opened(OVERWRITE[name](memcached_server))
    assert site.interface.guarantee == "overwrite"
    sid = site.new(a=1)
    one, other, late = (site.open(sid) for _ in range(3))
    one["b"], other["c"], late["d"] = 1, 2, 3
    site.save(one)
    site.save(other)
    assert dict(site.open(sid)) == {"_permanent": True, "a": 1, "c": 2}
    leaving = site.open(sid)
    leaving.clear()
    site.save(leaving)
    assert "Set-Cookie" not in site.save(late).headers
    assert site.open(sid).new


def test_a_dead_server_is_an_error_and_not_a_logged_out_user(opened: Callable[..., Site]) -> None:
    for name, make in COMPARE.items():
        server = MemcachedServer().start()
        site = opened(make(server))
        sid = site.new(a=1)
        server.stop()
        with pytest.raises((SessionError, OSError, MemcacheError)) as caught:
            site.open(sid).get("a")
        assert sid not in str(caught.value), name
        with pytest.raises((SessionError, OSError, MemcacheError)):
            site.new(b=1)


def test_a_larger_item_size_is_asked_for(opened: Callable[..., Site]) -> None:
    server = MemcachedServer("-I", "4m").start()
    try:
        for name in ("url", "pylibmc", "pymemcache", "hash"):
            site = opened(COMPARE[name](server))
            sid = site.new(text="x" * 2_000_000)
            assert len(site.open(sid)["text"]) == 2_000_000
    finally:
        server.stop()


def test_after_a_fork_each_process_has_its_own_connection(
    memcached_server: MemcachedServer, opened: Callable[..., Site]
) -> None:
    for name, make in COMPARE.items():
        site = opened(make(memcached_server))
        mine = site.new(who="parent")
        assert site.open(mine)["who"] == "parent"
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = in_a_child(site, refuses=name == "libmc")
            finally:
                os._exit(status)
        for _ in range(100):
            assert site.open(mine)["who"] == "parent", name
        _, status = os.waitpid(child, 0)
        assert status == 0, name


def in_a_child(site: Site, *, refuses: bool) -> int:
    if refuses:
        try:
            site.new(who="child")
        except SessionError as error:
            return 0 if "forked process" in str(error) else 2
        return 3
    own = site.new(who="child")
    for _ in range(100):
        if site.open(own)["who"] != "child":
            return 4
    return 0
