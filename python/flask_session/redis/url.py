"""A redis-py client of the servers that a URL names, for those who want one beside the native store."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from ..exceptions import SessionMisconfigured
from ..settings import SESSION_NATIVE

_SENTINEL_PORT = 26379


def client_of(url: str) -> Any:
    """A client for ``url``, which the native store has accepted: of one server, a cluster, or a primary.

    Raises SessionMisconfigured without the package redis.
    """
    try:
        redis: Any = importlib.import_module("redis")
    except ImportError:
        raise SessionMisconfigured(
            f"a Python client for SESSION_REDIS needs the package redis; without it, leave "
            f"{SESSION_NATIVE.name} on"
        ) from None
    kind = url.partition(":")[0]
    if kind.endswith("cluster"):
        return _cluster(redis, url)
    if kind.endswith("sentinel"):
        return _primary(redis, url)
    return redis.Redis.from_url(url)


def _cluster(redis: Any, url: str) -> Any:
    servers, rest, query = _taken_apart(url, 6379)
    nodes = [redis.cluster.ClusterNode(host, port) for host, port in servers]
    first, port = servers[0]
    where = f"[{first}]" if ":" in first else first
    return redis.RedisCluster.from_url(
        rest.replace("@localhost", f"@{where}:{port}", 1) + "?" + urlencode(query), startup_nodes=nodes
    )


def _primary(redis: Any, url: str) -> Any:
    # As Celery writes several.
    servers, rest, query = _taken_apart(url.replace(";sentinel://", ","), _SENTINEL_PORT)
    theirs = [(name.removeprefix("sentinel_"), value) for name, value in query if name[:9] == "sentinel_"]
    ours = [(name, value) for name, value in query if name[:9] != "sentinel_"]
    given = dict(ours)
    name = given.pop("service_name", "") or given.pop("master_name", "")
    parts = urlsplit(rest)
    if not name:
        first, _, database = parts.path.lstrip("/").partition("/")
        name, parts = unquote(first), parts._replace(path=f"/{database}")
    options = _options(redis, parts._replace(query=urlencode(given)).geturl())
    own = dict(theirs)
    encrypted = own.pop("ssl", own.pop("tls", str(options.get("ssl", False)))).lower()
    sentinel = _options(redis, "redis://localhost?" + urlencode(own))
    if encrypted in ("true", "1", "yes", "on"):
        shared = {name: value for name, value in options.items() if name.startswith("ssl_")}
        sentinel = {**shared, **sentinel, "ssl": True}
    timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
    sentinels = redis.sentinel.Sentinel(servers, sentinel_kwargs={**timeouts, **sentinel})
    return sentinels.master_for(name, **options)


def _options(redis: Any, url: str) -> dict[str, Any]:
    """What redis-py's classes take for ``url``, its server apart."""
    options = dict(redis.connection.parse_url(url))
    options.pop("host", None)
    options.pop("port", None)
    if options.pop("connection_class", None) is redis.connection.SSLConnection:
        options["ssl"] = True
    return options


def _taken_apart(url: str, port: int) -> tuple[list[tuple[str, int]], str, list[tuple[str, str]]]:
    """The servers, the rest as a URL of ``localhost`` with a user before it, and what follows the ``?``."""
    scheme, _, after = url.partition("://")
    cut = min((after.find(end) for end in "/?" if end in after), default=len(after))
    user, _, names = after[:cut].rpartition("@")
    secure = scheme.startswith(("rediss", "valkeys"))
    parts = urlsplit(f"{'rediss' if secure else 'redis'}://{user}@localhost{after[cut:]}")
    query = parse_qsl(parts.query, keep_blank_values=True)
    names = ",".join([names, *(value for name, value in query if name == "node")])
    servers = []
    for one in names.split(","):
        server = urlsplit(f"redis://{one}")
        servers.append((server.hostname or "127.0.0.1", server.port or port))
    rest = parts._replace(query="").geturl()
    return servers, rest, [(name, value) for name, value in query if name != "node"]
