"""Reading the client object that the user configured: whether native connections can stand in for it.

Only what is understood completely is translated: an exactly known class, unpatched, with settings that all
have a native counterpart. For anything else ``translate`` says in words why not.
"""

from __future__ import annotations

import inspect
import ssl
import sys
from contextlib import suppress
from types import FunctionType
from typing import Any
from urllib.parse import quote, urlencode

from ..translation import Native, Untranslatable

_LIBRARY = "redis"

# Settings that change nothing for us: how redis-py itself decodes, retries, buffers and reports.
_IRRELEVANT = frozenset(
    (
        "decode_responses",
        "encoding_errors",
        "retry",
        "retry_on_timeout",
        "retry_on_error",
        "health_check_interval",
        "socket_keepalive",
        "socket_keepalive_options",
        "socket_read_size",
        "lib_name",
        "lib_version",
        "driver_info",
        "himport_registry",
        "protocol",
        "legacy_responses",
        "event_dispatcher",
        "parser_class",
        "command_packer",
        "maint_notifications_config",
        "maint_notifications_pool_handler",
        "oss_cluster_maint_notifications_handler",
        "orig_host_address",
        "orig_socket_timeout",
        "orig_socket_connect_timeout",
    )
)
_TRANSLATED = frozenset(
    (
        "host",
        "port",
        "path",
        "db",
        "username",
        "password",
        "socket_timeout",
        "socket_connect_timeout",
        "client_name",
        "encoding",
        "ssl_ca_certs",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_cert_reqs",
        "ssl_check_hostname",
    )
)
# The functions through which redis-py sends and receives; tracing tools and mocks replace them.
_CLIENT_FUNCTIONS = ("get", "set", "delete", "execute_command", "pipeline", "parse_response")
_CONNECTION_FUNCTIONS = ("connect", "send_command", "send_packed_command", "read_response", "on_connect")
_CONNECTIONS = {"Connection": "redis", "SSLConnection": "rediss", "UnixDomainSocketConnection": "unix"}


def translate(client: Any) -> Native | Untranslatable:
    """What a native connection needs, or why there can be none."""
    library = sys.modules.get(_LIBRARY)
    if library is None or type(client) is not getattr(library, "Redis", None):
        return Untranslatable(f"its class is {type(client).__module__}.{type(client).__qualname__}")
    pool: Any = getattr(client, "connection_pool", None)
    if type(pool) is not library.ConnectionPool:
        return Untranslatable(f"its pool is a {type(pool).__qualname__}")
    connection_class = pool.connection_class
    scheme = _CONNECTIONS.get(connection_class.__name__)
    if scheme is None or not connection_class.__module__.startswith(f"{_LIBRARY}."):
        return Untranslatable(f"its connections are {connection_class.__qualname__}")
    if getattr(client, "connection", None) is not None:
        return Untranslatable("it is bound to a single connection")
    patched = _patched(client, _CLIENT_FUNCTIONS) or _patched_class(connection_class, _CONNECTION_FUNCTIONS)
    if patched is not None:
        return Untranslatable(f"{patched} was replaced")
    return _translate_settings(scheme, dict(pool.connection_kwargs), pool)


def _translate_settings(scheme: str, given: dict[str, Any], pool: Any) -> Native | Untranslatable:
    for name, value in given.items():
        if name not in _TRANSLATED and name not in _IRRELEVANT and value not in (None, False, 0, "", (), []):
            return Untranslatable(f"its setting {name} has no native counterpart")
    if str(given.get("encoding") or "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8"):
        return Untranslatable("its encoding is not UTF-8")
    options: dict[str, Any] = {}
    for name in ("username", "password", "client_name"):
        value = given.get(name)
        if isinstance(value, bytes):
            with suppress(UnicodeDecodeError):
                value = value.decode()
        if value is not None and not isinstance(value, str):
            return Untranslatable(f"its {name} is not text")
        if value:
            options[name] = value
    for name, native in (("socket_timeout", "timeout"), ("socket_connect_timeout", "connect_timeout")):
        if given.get(name):
            options[native] = float(given[name])
    most = getattr(pool, "max_connections", None)
    if isinstance(most, int) and 0 < most < 64:
        options["pool_size"] = most
    try:
        database = int(given.get("db") or 0)
        port = int(given.get("port") or 6379)
    except (TypeError, ValueError):
        return Untranslatable("its port or db is not a number")
    if scheme == "unix":
        return Native(f"unix://{quote(str(given['path']))}?{urlencode({'db': database})}", options)
    if scheme == "rediss":
        options.update(_tls(given, pool.connection_class))
    host = str(given.get("host") or "localhost")
    host = f"[{host}]" if ":" in host else quote(host)
    return Native(f"{scheme}://{host}:{port}/{database}", options)


def _tls(given: dict[str, Any], connection_class: type) -> dict[str, Any]:
    wanted = given.get("ssl_cert_reqs", "required")
    verify = wanted not in (ssl.CERT_NONE, "none", None)
    # A client made from a URL leaves it to the connection's default: False up to redis-py 5, then True.
    check_hostname = given.get("ssl_check_hostname", _default(connection_class, "ssl_check_hostname"))
    options: dict[str, Any] = {"verify": verify, "verify_hostname": verify and bool(check_hostname)}
    for name, native in (
        ("ssl_ca_certs", "ca_file"),
        ("ssl_certfile", "cert_file"),
        ("ssl_keyfile", "key_file"),
    ):
        if given.get(name):
            options[native] = str(given[name])
    return options


def _default(connection_class: type, name: str) -> Any:
    return inspect.signature(connection_class).parameters[name].default


def _patched(client: Any, names: tuple[str, ...]) -> str | None:
    """A function of the client that isn't the library's own, on the instance or on the class."""
    kind = type(client)
    name: str
    for name in vars(client):
        if isinstance(getattr(kind, name, None), FunctionType):
            return name
    return _patched_class(kind, names)


def _patched_class(kind: type, names: tuple[str, ...]) -> str | None:
    for name in names:
        function = getattr(kind, name, None)
        if function is not None and not (type(function) is FunctionType and _is_from_library(function)):
            return f"{kind.__name__}.{name}"
    return None


def _is_from_library(function: FunctionType) -> bool:
    # The code object's file: a wrapper made with functools.wraps carries the original's module and name.
    library = sys.modules[_LIBRARY].__file__ or ""
    return function.__code__.co_filename.startswith(library.removesuffix("__init__.py"))
