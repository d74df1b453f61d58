"""Servers by name: what SESSION_MEMCACHED may say instead of a client object."""

from __future__ import annotations

import socket
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from ..exceptions import SessionMisconfigured

PORT = 11211
PATIENCE = 2.0
"""Seconds that a server may take to say what its settings are."""
MOST_READ = 65536
SCHEMES = ("memcached", "memcached+unix")


def urls(configured: Any) -> tuple[str, ...]:
    """One URL for each server that ``configured`` names: a URL, ``host:port``, a path, or a list of such.

    Raises SessionMisconfigured.
    """
    servers = [configured] if isinstance(configured, str) else list(configured)
    if not servers:
        raise SessionMisconfigured("SESSION_MEMCACHED is an empty list of servers")
    return tuple(_url(server) for server in servers)


def _url(server: Any) -> str:
    if isinstance(server, (tuple, list)) and len(server) == 2:
        host, port = server
        return tcp_url(str(host), port)
    if not isinstance(server, str) or not server:
        raise SessionMisconfigured(
            "SESSION_MEMCACHED names a server that is no URL, host:port or path of a socket"
        )
    if "://" in server:
        if server.partition("://")[0] not in SCHEMES:
            raise SessionMisconfigured(
                "SESSION_MEMCACHED is a URL that begins neither with memcached:// nor with memcached+unix://"
            )
        return server
    path = server.removeprefix("unix:")
    if path.startswith("/"):
        return unix_url(path)
    if server.startswith("["):
        host, _, port = server[1:].partition("]")
        return tcp_url(host, port.removeprefix(":") or PORT)
    host, _, port = server.partition(":")
    return tcp_url(host, port or PORT)


def tcp_url(host: str, port: Any) -> str:
    """The URL of a server on TCP. Raises SessionMisconfigured."""
    try:
        number = int(port)
    except (TypeError, ValueError):
        raise SessionMisconfigured("SESSION_MEMCACHED names a server whose port is not a number") from None
    return f"memcached://{f'[{host}]' if ':' in host else quote(host)}:{number}"


def unix_url(path: str) -> str:
    """The URL of a server on a Unix socket."""
    return f"memcached+unix://{quote(path)}"


def settings_of(url: str) -> dict[str, str]:
    """What a server says of its settings; nothing if it doesn't say within its time."""
    address = _address(url)
    answer = b""
    try:
        if isinstance(address, str):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE)
            connection.connect(address)
        else:
            connection = socket.create_connection(address, PATIENCE)
        with connection:
            connection.sendall(b"stats settings\r\nquit\r\n")
            while len(answer) < MOST_READ and (received := connection.recv(MOST_READ)):
                answer += received
    except OSError:
        return {}
    lines = (line.split(" ", 2) for line in answer.decode("ascii", "replace").splitlines())
    return {words[1]: words[2] for words in lines if len(words) == 3 and words[0] == "STAT"}


def client_of(servers: tuple[str, ...]) -> Any:
    """A Python client of these servers, from the first library that is there. Raises SessionMisconfigured."""
    addresses = [_address(url) for url in servers]
    for make in (_pylibmc, _python_memcached, _pymemcache, _libmc):
        try:
            return make(addresses)
        except ImportError:
            continue
    raise SessionMisconfigured(
        "a Python client for SESSION_MEMCACHED needs one of the packages pylibmc, python-memcached, "
        "pymemcache and libmc; without one, name a single server and leave SESSION_NATIVE on"
    )


Address = str | tuple[str, int]


def _address(url: str) -> Address:
    parts = urlsplit(url)
    if parts.scheme == "memcached+unix":
        return unquote(parts.path)
    return unquote(parts.hostname or "127.0.0.1"), parts.port or PORT


def _text(address: Address) -> str:
    if isinstance(address, str):
        return address
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _pylibmc(addresses: list[Address]) -> Any:
    library = import_module("pylibmc")
    return library.Client([_text(address) for address in addresses], behaviors={"cas": True})


def _python_memcached(addresses: list[Address]) -> Any:
    library = import_module("memcache")
    words = [
        f"unix:{address}"
        if isinstance(address, str)
        else f"inet6:{_text(address)}"
        if ":" in address[0]
        else _text(address)
        for address in addresses
    ]
    return library.Client(words, cache_cas=True)


def _pymemcache(addresses: list[Address]) -> Any:
    if len(addresses) > 1:
        return import_module("pymemcache.client.hash").HashClient(addresses, use_pooling=True)
    return import_module("pymemcache.client.base").PooledClient(addresses[0])


def _libmc(addresses: list[Address]) -> Any:
    return import_module("libmc").Client([_text(address) for address in addresses])
