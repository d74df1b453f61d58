"""A place for each store of `configured`, on the tests' servers, and how many connections these have."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import redis

from patience import patient

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

SERVED_BY = {
    "redis": "shared_redis_server",
    "redis_py": "shared_redis_server",
    "cluster": "redis_cluster",
    "redis_py_cluster": "redis_cluster",
    "sentinel": "shared_redis_sentinel",
    "redis_py_sentinel": "shared_redis_sentinel",
    **dict.fromkeys(("memcached", "pymemcache", "pylibmc", "python_memcached"), "shared_memcached_server"),
    **dict.fromkeys(("mongodb", "pymongo"), "mongodb_server"),
    **dict.fromkeys(("postgresql", "psycopg2_pool", "sqlalchemy_postgresql"), "postgresql_server"),
    **dict.fromkeys(("mysql", "sqlalchemy_mariadb"), "mysql_server"),
    "boto3": "dynamodb_server",
}
ESTABLISHED, CLOSE_WAIT = "01", "08"
PATIENT = frozenset(
    ("redis", "cluster", "sentinel", "memcached", "mongodb", "postgresql", "mysql", "redis_py", "pymongo")
)


@dataclass
class Place:
    """What an application is told, and the ports of the servers that it is led to."""

    told: dict[str, str]
    ports: list[int] = field(default_factory=list)
    folder: Path | None = None

    def connections(self) -> int:
        """Open connections, seen from the servers, without those of this process."""
        rows = [row for row in tcp_table() if row.state in (ESTABLISHED, CLOSE_WAIT)]
        inodes = own_sockets()
        own = {row.local for row in rows if row.inode in inodes}
        return sum(row.local in self.ports and row.remote not in own for row in rows)

    def await_connections(self, most: int, limit: float) -> int:
        """How many there are, once they are no more than that, or after the limit."""
        deadline = time.monotonic() + limit
        while (count := self.connections()) > most and time.monotonic() < deadline:
            time.sleep(0.05)
        return count


class Row(NamedTuple):
    """One socket; its own port and the other side's."""

    local: int
    remote: int
    state: str
    inode: str


def tcp_table() -> Iterator[Row]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:]:
            words = line.split()
            local, remote = (int(words[place].rpartition(":")[2], 16) for place in (1, 2))
            yield Row(local, remote, words[3], words[9])


def own_sockets() -> set[str]:
    """The inodes of this process's."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.update(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    return found


def place_of(store: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    told = {"store": store, "table": f"sessions_{uuid.uuid4().hex[:10]}"}
    if store not in SERVED_BY:
        urls = {
            "sqlite": patient(f"sqlite:///{folder}/sessions.db"),
            "sqlalchemy_sqlite": f"sqlite:///{folder}/application.db",
            "sqlalchemy_memory": "sqlite://",
        }
        return Place({**told, "folder": str(folder), "url": urls.get(store, "")}, folder=folder)
    server = request.getfixturevalue(SERVED_BY[store])
    url = server.url() if callable(server.url) else server.url
    if store == "cluster":
        url = url.replace("redis://", "redis+cluster://")
    elif store == "sentinel":
        url = url.replace("sentinel://", "redis+sentinel://")
    told["url"] = patient(url) if store in PATIENT else url
    return Place(told, ports_of(store, server))


def ports_of(store: str, server: Any) -> list[int]:
    if store.endswith("cluster"):
        with redis.Redis(port=server.port, decode_responses=True) as client:
            nodes = client.execute_command("CLUSTER NODES")
        return [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)@", str(nodes))]
    if store.endswith("sentinel"):
        with redis.Redis(port=server.port, decode_responses=True) as client:
            _, primary = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")
        return [server.port, int(primary)]
    return [server.port]
