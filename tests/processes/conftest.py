"""Settings of each store, as JSON carries them to another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from memcached_server import MemcachedServer
    from redis_server import RedisServer


@pytest.fixture(params=["files", "redis", "cluster", "python_client", "memcached", "memcached_client"])
def settings(request: pytest.FixtureRequest, redis_server: RedisServer, tmp_path: Path) -> dict[str, Any]:
    if request.param.startswith("memcached"):
        memcached: MemcachedServer = request.getfixturevalue("memcached_server")
        native = request.param == "memcached"
        return {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": memcached.url, "SESSION_NATIVE": native}
    if request.param in ("cluster", "sentinel"):
        port = request.getfixturevalue(f"redis_{request.param}").port
        path = "/main" if request.param == "sentinel" else ""
        return {"SESSION_URL": f"redis+{request.param}://127.0.0.1:{port}{path}"}
    if request.param == "files":
        return {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(tmp_path / "sessions")}
    native = request.param == "redis"
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_server.url(), "SESSION_NATIVE": native}
