"""The physical limit: one exchange with the same server over a bare socket, measured like a request.

Its tasks, see tasks.py:

    {"open": NAME, "url": URL}                                       which server
    {"round": NAME, "case": CASE, "due": TRUE, "size": BYTES, "seconds": S}   one exchange after the other

What a read costs at least is one round trip that brings the record; what a change costs, one that brings it
and one that takes the new one. Where a read can't extend the record's life and that is due, it costs a write.
Only the exchange is timed: nothing is decoded, and no error is looked for.
"""

from __future__ import annotations

import socket
import statistics
import struct
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from payloads import session as payload
from tasks import answer, move

if TYPE_CHECKING:
    from collections.abc import Callable

Exchange = tuple[socket.socket, bytes]
KEY = "limit:0123456789abcdef0123456789abcdef0123456"


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(parts.path)
        return connection
    connection = socket.create_connection((parts.hostname, parts.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def redis_command(*words: str | bytes | int) -> bytes:
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def redis(url: str, content: bytes) -> tuple[Exchange, Exchange]:
    """GETEX, and SET with a time to live."""
    connection = connected(url)
    write = redis_command("SET", KEY, content, "EX", 3600)
    return (connection, redis_command("GETEX", KEY, "EX", 3600)), (connection, write)


def memcached(url: str, content: bytes) -> tuple[Exchange, Exchange]:
    """gat, and set."""
    connection = connected(url)
    write = b"set %s 0 3600 %d\r\n%s\r\n" % (KEY.encode(), len(content), content)
    return (connection, b"gat 3600 %s\r\n" % KEY.encode()), (connection, write)


def postgresql(url: str, content: bytes) -> tuple[Exchange, Exchange]:
    """Prepared statements: Parse once, then Bind, Execute and Sync for each exchange."""
    connection = connected(url)
    start = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
    connection.sendall(struct.pack("!i", len(start) + 4) + start)
    reply_in_full(connection)

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    table = "CREATE TABLE IF NOT EXISTS limits (id text PRIMARY KEY, data bytea)"
    connection.sendall(message(b"Q", table.encode() + b"\0"))
    reply_in_full(connection)
    upsert = "INSERT INTO limits VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET data = $2"
    for name, text in (("r", "SELECT data FROM limits WHERE id = $1"), ("w", upsert)):
        body = f"{name}\0{text}\0".encode() + struct.pack("!h", 0)
        connection.sendall(message(b"P", body) + message(b"S", b""))
        reply_in_full(connection)

    def run(name: bytes, *values: bytes) -> bytes:
        bind = b"\0" + name + b"\0" + struct.pack("!hhh", 1, 1, len(values))
        bind += b"".join(struct.pack("!i", len(value)) + value for value in values)
        bind += struct.pack("!hh", 1, 1)
        return message(b"B", bind) + message(b"E", b"\0" + struct.pack("!i", 0)) + message(b"S", b"")

    key = KEY.encode()
    return (connection, run(b"r", key)), (connection, run(b"w", key, content))


def mariadb(url: str, content: bytes) -> tuple[Exchange, Exchange]:
    """Plain statements on a connection that the driver has logged in."""
    import pymysql

    parts = urlsplit(url)
    logged_in: Any = pymysql.connect(
        host=parts.hostname,
        port=parts.port or 0,
        user=parts.username,
        password=parts.password or "",
        database=parts.path.strip("/"),
        autocommit=True,
    )
    with logged_in.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS limits (id varchar(99) PRIMARY KEY, data longblob)")

    def statement(text: str) -> bytes:
        body = b"\3" + text.encode()
        return struct.pack("<I", len(body)) + body

    # A row that stays as it was isn't written.
    write = f"REPLACE INTO limits VALUES ('{KEY}', CONCAT(x'{content.hex()}', NOW(6)))"
    # The driver's object closes its socket when it goes.
    connection = socket.socket(fileno=logged_in._sock.detach())
    read = f"SELECT data FROM limits WHERE id = '{KEY}'"
    return (connection, statement(read)), (connection, statement(write))


def mongodb(url: str, content: bytes) -> tuple[Exchange, Exchange]:
    """OP_MSG: find and update by an index on `id`."""
    import bson
    import pymongo

    sessions = pymongo.MongoClient(url)["flask_session"]["limits"]
    sessions.create_index("id", unique=True)
    connection = connected(url)

    def message(document: dict[str, Any]) -> bytes:
        body = struct.pack("<Ib", 0, 0) + bson.encode({**document, "$db": "flask_session"})
        return struct.pack("<iiii", len(body) + 16, 1, 0, 2013) + body

    update = {"q": {"id": KEY}, "u": {"$set": {"val": content}, "$inc": {"count": 1}}, "upsert": True}
    read = {"find": "limits", "filter": {"id": KEY}, "limit": 1, "singleBatch": True}
    return (connection, message(read)), (connection, message({"update": "limits", "updates": [update]}))


def reply_in_full(connection: socket.socket) -> int:
    """Waits until the server has nothing more to say. Returns how many bytes it sent."""
    connection.settimeout(30)
    length = len(connection.recv(1 << 20))
    connection.settimeout(0.3)
    try:
        while True:
            length += len(connection.recv(1 << 20))
    except TimeoutError:
        connection.settimeout(None)
        return length


PROTOCOLS: dict[str, Callable[[str, bytes], tuple[Exchange, Exchange]]] = {
    "redis": redis,
    "unix": redis,
    "memcached": memcached,
    "postgresql": postgresql,
    "mysql": mariadb,
    "mongodb": mongodb,
}


DUE = {
    "postgresql": ["write"],  # which returns what it wrote to
    "mongodb": ["write"],
    "mysql": ["read", "write"],
}
"""What a read needs that must extend a life, where reading doesn't; untouched, only the write."""
NEEDED = {"modify": ["read", "write"], "load and save": ["read", "write"], "new": ["write"]}


class Server:
    def __init__(self, url: str) -> None:
        self.url = url
        self.scheme = urlsplit(url).scheme
        self.ready: dict[int, dict[str, tuple[Exchange, int]]] = {}

    def exchanges(self, case: str, due: bool, size: int) -> list[tuple[Exchange, int]]:
        """Those that `case` needs at least, each with the length of its answer."""
        if size not in self.ready:
            content = b"\x80" * len(repr(payload(size)))
            read, write = PROTOCOLS[self.scheme](self.url, content[:size])
            lengths = []
            for connection, request in (write, write, read):
                connection.sendall(request)
                lengths.append(reply_in_full(connection))
            self.ready[size] = {"read": (read, lengths[2]), "write": (write, lengths[1])}
        needed = NEEDED.get(case, ["read"])
        if due and case not in NEEDED and self.scheme in DUE:
            needed = ["write"] if case == "untouched" else DUE[self.scheme]
        return [self.ready[size][name] for name in needed]

    def measured(self, task: dict[str, Any]) -> dict[str, float]:
        exchanges = self.exchanges(task["case"], task.get("due", False), task["size"])
        buffer = bytearray(1 << 20)
        taken = []
        move(task)
        end = time.perf_counter() + task["seconds"]
        while time.perf_counter() < end or len(taken) < 5:
            begin = time.perf_counter_ns()
            for (connection, request), length in exchanges:
                connection.sendall(request)
                while length > 0:
                    length -= connection.recv_into(buffer)
            taken.append(time.perf_counter_ns() - begin)
        taken.sort()
        return {"median": statistics.median(taken) / 1e3, "p99": taken[int(len(taken) * 0.99)] / 1e3}


if __name__ == "__main__":
    answer(lambda task: Server(task["url"]), {"round": Server.measured})
