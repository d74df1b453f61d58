"""Two apps, of Flask-Session 0.8.0 and of ours, share one store behind one round-robin proxy.

Twenty users, each with two requests in flight: one writes, the other only reads. A user's rounds follow each
other, so of one user at most one request writes at any time, and what each answer may say is known exactly:

- It is the user's own, always, and the session's id changes only with a log-in or a renewal.
- A value that was written is there from then on; a request beside it sees the old value or the new.
- With SESSION_REFRESH_EACH_REQUEST, 0.8.0 writes the whole session at the end of a request that only reads.
  If such a request ran beside a write, the write may be lost, and would be with 0.8.0 alone. Only then
  the old value is allowed later, too, until an answer to a request that ran alone says which one it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compat.conftest import interpreter
from compat.round_robin import Message, RoundRobin, closed, received

if TYPE_CHECKING:
    from collections.abc import Iterator

    from database_servers import PostgresqlServer
    from redis_server import RedisServer

USERS = 20
REQUESTS = int(os.environ.get("SHARED_STORE_REQUESTS", "10000"))
"""On each store, half of them with SESSION_REFRESH_EACH_REQUEST."""
LIMIT = 120.0
KEYS = ["a", "b", "c"]
APP = Path(__file__).parent / "served_app.py"


class Server:
    """An app of one release, in a process of its own."""

    def __init__(self, release: str, settings: dict[str, Any]) -> None:
        command = [interpreter(release), "-W", "ignore", APP, json.dumps({**settings, "RELEASE": release})]
        self.refreshing: bool = settings["SESSION_REFRESH_EACH_REQUEST"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(30)


class User:
    """A browser with a cookie, and what it knows of its session."""

    def __init__(self, name: str, port: int, refreshing: bool) -> None:
        self.name = name
        self.port = port
        self.refreshing = refreshing
        self.chance = random.Random(name)
        self.cookie: str | None = None
        self.possible: dict[str, list[Any]] = {}
        """Per key the values that an answer may tell; None is no value."""
        self.written = 0
        self.asked = 0
        self.uncertain = 0

    async def ask(self, path: str, content: Any = None, line: int = 0) -> tuple[str, dict[str, Any]]:
        """One request on one of the two connections: the release that answered, and the session."""
        reader, writer = self.connections[line]
        body = b"" if content is None else json.dumps(content).encode()
        headers = [("host", "localhost"), ("content-length", str(len(body)))]
        headers += [("content-type", "application/json")] if content is not None else []
        headers += [("cookie", f"session={self.cookie}")] if self.cookie else []
        method = "GET" if path == "/see" else "POST"
        writer.write(Message(f"{method} {path} HTTP/1.1", headers, body).encoded())
        self.asked += 1
        response = await asyncio.wait_for(received(reader), LIMIT)
        assert response is not None
        release = str(response.get("x-release"))
        assert response.start.split()[1] == "200", f"{release} answered {response.start} to {path}"
        sent = response.get("set-cookie")
        if sent is not None:
            value = sent.partition(";")[0].partition("=")[2]
            if path not in ("/login", "/renew", "/logout"):
                assert value == self.cookie, f"{release} gave {self.name} another session at {path}"
            self.cookie = value or None
        return release, json.loads(response.body)

    def check(self, told: dict[str, Any], release: str, beside: dict[str, list[Any]]) -> None:
        """An answer holds this user's values, or those that a write beside it is making."""
        assert told.get("user") == self.name, f"{release} told {self.name}: {told}"
        for key in {*self.possible, *told} - {"user"}:
            allowed = beside.get(key, self.possible.get(key, [None]))
            seen = told.get(key)
            assert seen in allowed, f"{release} told {self.name} {key} = {seen}; possible are {allowed}"

    async def log_in(self) -> None:
        _, told = await self.ask("/login", {"user": self.name})
        assert told == {"user": self.name}
        self.possible = {}

    async def log_out(self) -> None:
        _, told = await self.ask("/logout", {})
        assert told == {}
        assert (await self.ask("/see"))[1] == {}

    async def look_alone(self) -> None:
        """Nothing runs beside this request: what it tells is the session."""
        release, told = await self.ask("/see")
        self.check(told, release, {})
        self.possible = {key: [told.get(key)] for key in self.possible}

    async def write_and_read(self) -> None:
        """A round: both requests at once."""
        self.written += 1
        key = self.chance.choice([*KEYS, "cart"])
        old = self.possible.get(key, [None])
        if key == "cart":
            path, content = "/append", {"value": self.written}
            new = [[*(cart or []), self.written][-3:] for cart in old]
        else:
            path, content = "/put", {"key": key, "value": self.written}
            new = [[self.written, self.name]]
        both: dict[str, Any] = {}
        for name in self.chance.sample(["write", "read"], 2):
            request = self.ask(path, content) if name == "write" else self.ask("/see", line=1)
            both[name] = asyncio.create_task(request)
        await asyncio.gather(*both.values())
        writer, wrote = both["write"].result()
        reader, read = both["read"].result()
        self.check(wrote, writer, {key: new})
        self.check(read, reader, {key: [*old, *new]})
        lost = self.refreshing and reader == "0.8.0"
        self.uncertain += lost
        self.possible[key] = [*new, *old] if lost else new

    async def visit(self, requests: int) -> None:
        self.connections = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(2)]
        try:
            await self.browse(requests)
        finally:
            for _, writer in self.connections:
                await closed(writer)

    async def browse(self, requests: int) -> None:
        await self.log_in()
        while self.asked < requests:
            for _ in range(self.chance.randrange(5, 15)):
                await self.write_and_read()
            await self.look_alone()
            what = self.chance.random()
            if what < 0.1:
                await self.log_out()
                await self.log_in()
            elif what < 0.3:
                release, told = await self.ask("/renew", {})
                self.check(told, release, {})
        await self.look_alone()


@pytest.fixture(params=["redis", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The settings of both apps that name the store."""
    if request.param == "redis":
        redis: RedisServer = request.getfixturevalue("redis_server")
        yield {"SESSION_TYPE": "redis", "REDIS": redis.url(4)}
        return
    postgresql: PostgresqlServer = request.getfixturevalue("restartable_postgresql")
    database = postgresql.new_database()
    yield {
        "SESSION_TYPE": "sqlalchemy",
        "SQLALCHEMY_DATABASE_URI": postgresql.url(database),
        # Each request in flight may hold one.
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 2 * USERS},
    }
    postgresql.execute("", f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture(params=[False, True], ids=["when_changed", "at_each_request"])
def servers(request: pytest.FixtureRequest, place: dict[str, Any]) -> Iterator[list[Server]]:
    settings = {**place, "SESSION_REFRESH_EACH_REQUEST": request.param}
    started = [Server(release, settings) for release in ("0.8.0", "ours")]
    yield started
    for server in started:
        server.stop()


async def visited(servers: list[Server], requests: int) -> tuple[list[User], RoundRobin]:
    """The users after so many requests, and the proxy that they went through."""
    proxy = RoundRobin([server.port for server in servers])
    await proxy.start()
    refreshing = servers[0].refreshing
    users = [User(f"user {number}", proxy.port, refreshing) for number in range(USERS)]
    visits = [asyncio.create_task(user.visit(requests // USERS)) for user in users]
    try:
        await asyncio.gather(*visits)
    finally:
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        await proxy.stop()
    return users, proxy


def test_nobody_is_logged_out_and_nothing_is_lost(servers: list[Server]) -> None:
    users, proxy = asyncio.run(visited(servers, REQUESTS // 2))
    assert sum(user.asked for user in users) >= REQUESTS // 2
    one, other = proxy.served.values()
    assert abs(one - other) <= 1
    uncertain = sum(user.uncertain for user in users)
    assert (uncertain > 0) == servers[0].refreshing
