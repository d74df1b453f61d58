"""Flask with us, Flask with Flask-Session 0.8.0, and axum serve the sessions of one store.

A script of random requests is played, each on a site of its own: every value is seen by all, and nobody is
logged out. 0.8.0 is never asked beside another site, since its writes undo those that they overlap. Ours and
axum also are asked at once: then no change is lost, and a log-out is final.

INTEROP_STEPS sets how long the script is on each store, INTEROP_SEED which one it is; "random" is any.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from interop import written
from interop.sites import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS = int(os.environ.get("INTEROP_STEPS", "40"))
SEED = os.environ.get("INTEROP_SEED", "1")
if SEED == "random":
    SEED = str(random.randrange(10**9))
KEYS = ["a", "b", "c", "d"]
USER = ["str", "ann"]
STORES = ["filesystem", "memcached", "mongodb", "mysql", "postgresql", "redis", "sqlite"]


def place(store: str, request: pytest.FixtureRequest, folder: Path) -> tuple[str, dict[str, Any]]:
    """An empty store: its URL, and how 0.8.0 calls it; nothing if 0.8.0 can't read what we write there."""
    if store == "filesystem":
        return f"file:{folder / 'sessions'}", {}
    if store == "memcached":
        address = request.getfixturevalue("memcached_server").address
        library = {"MEMCACHED": address, "MEMCACHED_LIBRARY": "pymemcache"}
        return f"memcached://{address}", {"SESSION_TYPE": store, **library}
    if store == "mongodb":
        server = request.getfixturevalue("mongodb_server")
        database = server.database_name()
        theirs = {"MONGODB": server.url, "SESSION_MONGODB_DB": database}
        return f"{server.url.rstrip('/')}/{database}", {"SESSION_TYPE": store, **theirs}
    if store == "redis":
        url = request.getfixturevalue("redis_server").url(5)
        return url, {"SESSION_TYPE": store, "REDIS": url}
    if store == "sqlite":
        uri = f"sqlite:///{folder / 'sessions.db'}"
    else:
        fixture = {"mysql": "mariadb_server", "postgresql": "restartable_postgresql"}[store]
        server = request.getfixturevalue(fixture)
        uri = server.url(server.new_database())
    url = f"{store}://{uri.partition('://')[2]}"
    return url, {"SESSION_TYPE": "sqlalchemy", "SQLALCHEMY_DATABASE_URI": uri}


@pytest.fixture(params=STORES)
def sites(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Site]]:
    """The sites on one store: ours, axum, and 0.8.0's last, if it has one."""
    url, theirs = place(request.param, request, tmp_path)
    started = [Site.of_flask("ours", {"SESSION_URL": url}), Site.of_axum(url)]
    if theirs:
        started.append(Site.of_flask("0.8.0", theirs))
    yield started
    for site in started:
        site.stop()


class Visitor:
    """One browser, and what it knows of its session."""

    def __init__(self, sites: list[Site], seed: str) -> None:
        self.sites = sites
        self.chance = random.Random(seed)
        self.cookie: str | None = None
        self.values: dict[str, list[Any]] = {}
        self.asked = 0
        self.serial = 0
        self.threads = ThreadPoolExecutor(2)

    def ask(self, site: Site, path: str, cookie: str | None, **content: Any) -> tuple[Any, str | None]:
        self.asked += 1
        told, cookie = site.ask(path, cookie, **content)
        return {key: written.ordered(value) for key, value in told.items()}, cookie

    def made(self, depth: int = 2) -> list[Any]:
        """A value that no other was before: our note that one was a tuple fits the same list by 0.8.0."""
        self.serial += 1
        value = written.make(self.chance, depth)
        if value[0] in (*written.LISTS, "dict"):
            return [self.chance.choice(written.LISTS), [["int", str(self.serial)], value]]
        return value

    def check(self, told: dict[str, Any], site: Site) -> None:
        """An answer holds what was written, in its own type where the site has it."""
        expected = {key: written.ordered(value) for key, value in self.values.items()}
        if site.name == "0.8.0":
            # What it was just given is still what it was.
            told = {key: written.plain(value) for key, value in told.items()}
            expected = {key: written.plain(value) for key, value in expected.items()}
        assert told == expected, f"{site.name} told {told}; expected {expected}"

    def do(self, path: str, **content: Any) -> None:
        """One request on any site, beside which nothing runs; the session keeps its id but for some paths."""
        site = self.chance.choice(self.sites)
        told, cookie = self.ask(site, path, self.cookie, **content)
        key = "cart" if path == "/append" else content.get("key")
        if site.name == "0.8.0" and key in self.values:
            # What it writes is plain; what it leaves alone keeps its types.
            self.values[key] = written.plain(self.values[key])
        if path not in ("/login", "/renew", "/logout"):
            assert cookie == self.cookie, f"{site.name} gave another session at {path}"
        self.cookie = cookie
        self.check(told, site)

    def look_everywhere(self) -> None:
        for site in self.chance.sample(self.sites, len(self.sites)):
            told, cookie = self.ask(site, "/see", self.cookie)
            assert cookie == self.cookie, f"{site.name} gave another session"
            self.check(told, site)

    def log_in(self) -> None:
        self.values = {"user": USER}
        self.do("/login", value=USER)

    def log_out(self) -> None:
        old, self.values = self.cookie, {}
        self.do("/logout")
        self.is_dead(old)
        self.cookie = None

    def is_dead(self, cookie: str | None) -> None:
        for site in self.sites:
            assert self.ask(site, "/see", cookie)[0] == {}, f"{site.name} knows a session that ended"

    def put(self) -> None:
        key, value = self.chance.choice(KEYS), self.made()
        self.values[key] = value
        self.do("/put", key=key, value=value)

    def remove(self) -> None:
        key = self.chance.choice(KEYS)
        self.values.pop(key, None)
        self.do("/remove", key=key)

    def append(self) -> None:
        value = self.made(depth=1)
        cart = self.values.get("cart", ["list", []])
        self.values["cart"] = ["list", [*cart[1], value][-5:]]
        if len(cart[1]) < 5:
            self.do("/append", value=value)
        else:
            self.do("/put", key="cart", value=self.values["cart"])

    def at_once(self, *requests: tuple[str, dict[str, Any]]) -> list[tuple[Any, str | None]]:
        """Both at the same time, one on ours and one on axum."""
        sites = self.chance.sample(self.sites[:2], 2)
        running = [
            self.threads.submit(self.ask, site, path, self.cookie, **content)
            for site, (path, content) in zip(sites, requests, strict=True)
        ]
        return [request.result() for request in running]

    def write_at_once(self) -> None:
        """Two keys: both changes are kept. One key: one of them."""
        keys = self.chance.sample(KEYS, 2) if self.chance.random() < 0.7 else [self.chance.choice(KEYS)] * 2
        values = [self.made() for _ in keys]
        asked = [("/put", {"key": key, "value": value}) for key, value in zip(keys, values, strict=True)]
        for _, cookie in self.at_once(*asked):
            assert cookie == self.cookie
        self.values |= dict(zip(keys, values, strict=True))
        if keys[0] == keys[1]:
            told, _ = self.ask(self.sites[0], "/see", self.cookie)
            found = [value for value in values if written.ordered(value) == told[keys[0]]]
            assert found, f"neither of {values} but {told[keys[0]]}"
            self.values[keys[0]] = found[0]

    def log_out_at_once(self) -> None:
        """A log-out beside a write: the session is gone, whichever came first."""
        put = ("/put", {"key": self.chance.choice(KEYS), "value": self.made()})
        old = self.cookie
        self.at_once(put, ("/logout", {}))
        self.is_dead(old)
        self.cookie = None
        self.log_in()

    def renew_at_once(self) -> None:
        """A new id beside a write: who has it is logged in; the write is there if it came first."""
        key, value = self.chance.choice(KEYS), self.made()
        old = self.cookie
        _, (_, self.cookie) = self.at_once(("/put", {"key": key, "value": value}), ("/renew", {}))
        assert self.cookie not in (old, None)
        self.is_dead(old)
        told, _ = self.ask(self.sites[0], "/see", self.cookie)
        if told.get(key) == written.ordered(value):
            self.values[key] = value

    def browse(self, steps: int) -> None:
        self.log_in()
        ways = [*[self.put] * 6, *[self.append] * 2, self.remove, self.log_out, self.look_everywhere]
        ways += [*[self.write_at_once] * 4, self.log_out_at_once, self.renew_at_once, self.renew]
        for _ in range(steps):
            self.chance.choice(ways)()
            if self.cookie is None:
                self.log_in()
            if self.chance.random() < 0.3:
                self.look_everywhere()
        self.look_everywhere()
        self.log_out()

    def renew(self) -> None:
        old = self.cookie
        self.do("/renew")
        assert self.cookie not in (old, None)
        self.is_dead(old)


def test_every_value_is_seen_by_all_and_nobody_is_logged_out(
    sites: list[Site], request: pytest.FixtureRequest
) -> None:
    store, names = request.node.callspec.id, ", ".join(site.name for site in sites)
    print(f"\n{store}: seed {SEED}, {STEPS} steps on {names}")  # noqa: T201
    visitor = Visitor(sites, SEED)
    visitor.browse(STEPS)
    visitor.threads.shutdown()
    print(f"figures: {store}: {STEPS} steps, {visitor.asked} requests to {names}")  # noqa: T201
