"""The stores that are measured: how each is started, what an application configures, and what lies in it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = Path(__file__).resolve().parents[1] / "dev" / "servers"
# The databases' scripts don't wait for the disk; here they do what their makers' defaults say.
DURABLE = {
    "postgresql": ["fsync=on", "synchronous_commit=on", "full_page_writes=on"],
    "mysql": ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=0"],
}


@contextmanager
def server(name: str, *arguments: str) -> Iterator[str]:
    """Runs a server of dev/servers. Yields its URL."""
    command = [SERVERS / name, *DURABLE.get(name, []), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(60)


@contextmanager
def folder() -> Iterator[str]:
    """A folder on the disk that holds the project, since the system's temporary ones may lie in memory."""
    here = SERVERS.parents[1] / "target" / "benches"
    here.mkdir(parents=True, exist_ok=True)
    path = tempfile.mkdtemp(dir=here)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@dataclass
class Backend:
    """One store under measurement, for both sides; each has its own part of it."""

    name: str
    limit: str | None = None
    """The URL on which limits.py makes one raw round trip."""
    config: dict[str, Any] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is configured on one side only."""
    client: list[str] | None = None
    sessions: int = 1
    """How many there are before anything is measured."""

    def opening(self, side: str, **more: Any) -> dict[str, Any]:
        """The task for worker.py, which configures both sides alike."""
        config = {**self.config, **self.configs.get(side, {}), **more, "SESSION_KEY_PREFIX": f"{side}:"}
        return {"config": config, "client": self.client}


@contextmanager
def redis() -> Iterator[Backend]:
    with server("redis") as url:
        yield Backend("Redis", url, {"SESSION_TYPE": "redis"}, client=["redis", url])


@contextmanager
def redis_unix() -> Iterator[Backend]:
    with folder() as place:
        Path(place).chmod(0o777)
        socket = f"{place}/redis.sock"
        with server("redis", "--unixsocket", socket, "--unixsocketperm", "777"):
            url = f"unix://{socket}"
            yield Backend("Redis, Unix socket", url, {"SESSION_TYPE": "redis"}, client=["redis", url])


@contextmanager
def memcached(client: str = "pymemcache") -> Iterator[Backend]:
    with server("memcached") as url:
        yield Backend(f"memcached, {client}", url, {"SESSION_TYPE": "memcached"}, client=[client, url])


@contextmanager
def pylibmc() -> Iterator[Backend]:
    with memcached("pylibmc") as backend:
        yield backend


def sql(name: str, url: str, limit: str | None) -> Backend:
    configs = {side: {"SESSION_SQLALCHEMY_TABLE": f"sessions_{side[0]}"} for side in ("rival", "ours")}
    return Backend(name, limit, {"SESSION_TYPE": "sqlalchemy"}, configs, ["sqlalchemy", url])


@contextmanager
def postgresql() -> Iterator[Backend]:
    with server("postgresql") as url:
        yield sql("PostgreSQL", url.replace("postgresql://", "postgresql+psycopg2://"), url)


@contextmanager
def mariadb() -> Iterator[Backend]:
    with server("mysql") as url:
        yield sql("MariaDB", url.replace("mysql://", "mysql+pymysql://"), url)


@contextmanager
def sqlite() -> Iterator[Backend]:
    with folder() as place:
        yield sql("SQLite", f"sqlite:///{place}/site.db", None)


def number_of(sessions: int) -> str:
    return f"{sessions:,} session{'s' * (sessions > 1)}"


@contextmanager
def mongodb(sessions: int) -> Iterator[Backend]:
    import pymongo

    with server("mongodb") as url:
        configs = {side: {"SESSION_MONGODB_COLLECT": side} for side in ("rival", "ours")}
        database = pymongo.MongoClient(url)["flask_session"]
        for side in configs:
            if sessions > 1:
                database[side].insert_many([{"id": f"other:{n}", "val": b"\x80"} for n in range(sessions)])
        yield Backend(
            f"MongoDB, {number_of(sessions)}", url, {"SESSION_TYPE": "mongodb"}, configs, ["mongodb", url]
        )


@contextmanager
def files(sessions: int) -> Iterator[Backend]:
    with ExitStack() as stack:
        folders = {side: stack.enter_context(folder()) for side in ("rival", "ours")}
        configs = {side: {"SESSION_FILE_DIR": place} for side, place in folders.items()}
        name = f"files, {number_of(sessions)}"
        yield Backend(name, None, {"SESSION_TYPE": "filesystem"}, configs, sessions=sessions)
