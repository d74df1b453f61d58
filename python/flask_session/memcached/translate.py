"""Reading the client object that the user configured: whether native connections can stand in for it.

Only what is understood completely is translated: an exactly known class, unpatched, with one server and with
settings that all have a native counterpart. For anything else ``translate`` says in words why not.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from ..exceptions import SessionMisconfigured
from ..translation import Native, Untranslatable
from .servers import tcp_url, unix_url, urls

_FUNCTIONS = ("get", "set", "delete", "gets", "cas", "add", "touch")


def translate(client: Any) -> Native | Untranslatable:
    """What a native connection needs, or why there can be none."""
    kind = type(client)
    for module, name, read in _KNOWN:
        library = sys.modules.get(module)
        if library is not None and kind is getattr(library, name, None):
            patched = _patched(client)
            if patched is not None:
                return Untranslatable(f"{patched} was replaced")
            try:
                return read(client)
            except (AttributeError, KeyError, TypeError, ValueError, SessionMisconfigured):
                return Untranslatable("its settings are not those of a release that is known here")
    return Untranslatable(f"its class is {kind.__module__}.{kind.__qualname__}")


def _python_memcached(client: Any) -> Native | Untranslatable:
    servers = client.servers
    if len(servers) != 1:
        return Untranslatable(f"it has {len(servers)} servers")
    (server,) = servers
    if client.flush_on_reconnect:
        return Untranslatable("it empties the server when it reconnects")
    url = unix_url(server.address) if server.family == socket.AF_UNIX else tcp_url(server.ip, server.port)
    if client.key_encoder("k") != "k":
        return Untranslatable("it encodes keys in a way of its own")
    return Native(url, _limits(client.socket_timeout, client.socket_timeout))


def _pymemcache(client: Any) -> Native | Untranslatable:
    for name, usual in (("key_prefix", b""), ("tls_context", None), ("ignore_exc", False)):
        if getattr(client, name) != usual:
            return Untranslatable(f"its setting {name} has no native counterpart")
    if client.socket_module is not socket:
        return Untranslatable("its sockets are not Python's")
    if not _keeps_bytes(client.serde):
        return Untranslatable("it has a serializer of its own")
    server = client.server
    url = unix_url(server) if isinstance(server, str) else tcp_url(*server)
    options = _limits(client.timeout, client.connect_timeout)
    pool = getattr(client, "client_pool", None)
    most = getattr(pool, "max_size", None)
    if isinstance(most, int) and 0 < most < 64:
        options["pool_size"] = most
    return Native(url, options)


def _keeps_bytes(serde: Any) -> bool:
    """Whether a serializer of pymemcache's own leaves bytes as they are, with flags 0."""
    library: Any = sys.modules["pymemcache.serde"]
    kind = type(serde)
    if kind is getattr(library, "LegacyWrappingSerde", None):
        own = (serde._default_serialize, serde._default_deserialize)
        return (serde.serialize, serde.deserialize) == own
    return kind is getattr(library, "PickleSerde", None)


# Timeouts aside, they only matter with several servers, or change nothing for us.
_USUAL_BEHAVIORS = {"_noreply": 0, "buffer_requests": 0, "num_replicas": 0}


def _pylibmc(client: Any) -> Native | Untranslatable:
    if client.binary:
        return Untranslatable("it speaks the binary protocol, perhaps with a password")
    if len(client.addresses) != 1:
        return Untranslatable(f"it has {len(client.addresses)} servers")
    (address,) = client.addresses
    if not isinstance(address, str) or address.startswith("udp:") or address.count(":") == 2:
        return Untranslatable("its server is written in a way that is not known here")
    behaviors = dict(client.behaviors)
    for name, usual in _USUAL_BEHAVIORS.items():
        if behaviors.get(name, usual) != usual:
            return Untranslatable(f"its behavior {name} has no native counterpart")
    if behaviors.get("namespace"):
        return Untranslatable("its behavior namespace has no native counterpart")
    if client.__dict__.keys() - {"binary", "addresses"}:
        return Untranslatable("attributes were added to it")
    # In milliseconds, and in microseconds.
    waiting = (behaviors.get("receive_timeout") or 0) / 1_000_000
    connecting = (behaviors.get("connect_timeout") or 0) / 1_000
    return Native(urls(address)[0], _limits(waiting, connecting))


def _limits(timeout: Any, connect_timeout: Any) -> dict[str, Any]:
    options = {}
    if timeout:
        options["timeout"] = float(timeout)
    if connect_timeout:
        options["connect_timeout"] = float(connect_timeout)
    return options


Reader = Callable[[Any], Native | Untranslatable]
_KNOWN: tuple[tuple[str, str, Reader], ...] = (
    ("memcache", "Client", _python_memcached),
    ("pymemcache.client.base", "Client", _pymemcache),
    ("pymemcache.client.base", "PooledClient", _pymemcache),
    ("pylibmc", "Client", _pylibmc),
)


def _patched(client: Any) -> str | None:
    """A function of the client that isn't the library's own, on the instance or on the class."""
    kind = type(client)
    own = vars(client)
    for name in _FUNCTIONS:
        if name in own:
            return name
        function = getattr(kind, name, None)
        if isinstance(function, FunctionType):
            # The code object's file: a wrapper made with functools.wraps carries the original's names.
            library = sys.modules[kind.__module__].__file__ or ""
            if function.__code__.co_filename != library:
                return f"{kind.__name__}.{name}"
        elif function is not None and getattr(function, "__objclass__", None) not in kind.__mro__:
            return f"{kind.__name__}.{name}"
    return None
