"""Reading the ``MongoClient`` that the user configured: whether native connections can stand in for it.

Only what is understood completely is translated: exactly pymongo's class, unpatched, with arguments that all
have a native counterpart. For anything else ``translate`` says in words why not.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

# Arguments that change nothing for us: how pymongo decodes, and what it does beside the requests.
_IRRELEVANT = frozenset(
    (
        "document_class",
        "tz_aware",
        "tzinfo",
        "datetime_conversion",
        "connect",
        "uuidrepresentation",
        "unicode_decode_error_handler",
        "readpreference",
        "read_preference",
        "readpreferencetags",
        "maxstalenessseconds",
        "readconcernlevel",
        "retryreads",
        "retrywrites",
        "compressors",
        "zlibcompressionlevel",
        "appname",
        "maxconnecting",
        "waitqueuetimeoutms",
        "servermonitoringmode",
        "driver",
        "fsync",
    )
)
# Those that the native driver has under the same name.
_SAME = {
    "replicaset": "replicaSet",
    "directconnection": "directConnection",
    "authsource": "authSource",
    "authmechanism": "authMechanism",
    "tls": "tls",
    "ssl": "tls",
    "tlscafile": "tlsCAFile",
    "tlscertificatekeyfile": "tlsCertificateKeyFile",
    "tlsallowinvalidcertificates": "tlsAllowInvalidCertificates",
    "tlsinsecure": "tlsInsecure",
    "w": "w",
    "journal": "journal",
    "wtimeoutms": "wTimeoutMS",
    "timeoutms": "timeoutMS",
    "sockettimeoutms": "socketTimeoutMS",
    "connecttimeoutms": "connectTimeoutMS",
    "serverselectiontimeoutms": "serverSelectionTimeoutMS",
    "heartbeatfrequencyms": "heartbeatFrequencyMS",
    "localthresholdms": "localThresholdMS",
    "maxidletimems": "maxIdleTimeMS",
    "maxpoolsize": "maxPoolSize",
    "minpoolsize": "minPoolSize",
    "srvservicename": "srvServiceName",
}
_MECHANISMS = {"DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256"}
# The functions through which pymongo sends and receives; tracing tools and mocks replace them.
_FUNCTIONS = {
    "MongoClient": ("__getitem__", "get_database", "_run_operation", "_retryable_write"),
    "Database": ("__getitem__", "get_collection"),
    "Collection": ("find_one", "find", "update_one", "delete_one", "find_one_and_update", "create_index"),
}


@dataclass(frozen=True)
class Native:
    """The URL that ``_core.Store.open`` takes. It may hold a password."""

    url: str = field(repr=False)


@dataclass(frozen=True)
class Untranslatable:
    """Why the client has to be used itself."""

    reason: str


class _Unknown(Exception):
    """An argument is not understood; the text says which."""


def translate(client: Any) -> Native | Untranslatable:
    """What a native connection needs, or why there can be none."""
    library = sys.modules.get("pymongo")
    if library is None or type(client) is not getattr(library, "MongoClient", None):
        return Untranslatable(f"its class is {type(client).__module__}.{type(client).__qualname__}")
    own = vars(client)
    given = own.get("_init_kwargs", own.get("_MongoClient__init_kwargs"))  # so called up to 4.9
    if not isinstance(given, dict):
        return Untranslatable("this release of pymongo doesn't keep its arguments")
    patched = _patched(client, library)
    if patched is not None:
        return Untranslatable(f"{patched} was replaced")
    if vars(client).get("_encrypter") is not None:
        return Untranslatable("it encrypts")
    listeners = getattr(client, "_event_listeners", None)
    if getattr(listeners, "enabled_for_commands", True):
        return Untranslatable("its commands are listened to")
    try:
        return Native(_url(dict(given)))
    except _Unknown as unknown:
        return Untranslatable(str(unknown))


def _url(given: dict[str, Any]) -> str:
    host, port = given.pop("host", None), given.pop("port", None) or 27017
    if given.pop("type_registry", None) is not None:
        raise _Unknown("its argument type_registry has no native counterpart")
    arguments = {str(name).lower(): value for name, value in given.items()}
    username, password = arguments.pop("username", None), arguments.pop("password", None)
    if isinstance(host, str) and "://" in host:
        if username is not None or password is not None:
            raise _Unknown("it has both a URL and a user name")
        beginning, _, query = host.partition("?")
        # The arguments beside the URL go before those in it.
        arguments = {**{name.lower(): value for name, value in parse_qsl(query)}, **arguments}
        scheme, _, rest = beginning.partition("://")
        place = beginning if "/" in rest else f"{beginning}/"
    else:
        scheme = "mongodb"
        hosts = [host or "localhost"] if host is None or isinstance(host, str) else host
        place = f"mongodb://{_credentials(username, password)}{_addresses(hosts, port)}/"
    options = _options(arguments)
    if options.get("tls") == "true" and "+srv" not in scheme and "tlsCAFile" not in options:
        # pymongo trusts the system's authorities, the native driver those that it brings along.
        system = ssl.get_default_verify_paths().cafile
        if system is not None and Path(system).exists():
            options["tlsCAFile"] = system
    return f"{place}?{urlencode(options, quote_via=quote)}" if options else place


def _credentials(username: Any, password: Any) -> str:
    if username is None and password is None:
        return ""
    if not isinstance(username, str) or not isinstance(password, str):
        raise _Unknown("its user name or password is not text")
    return f"{quote_plus(username)}:{quote_plus(password)}@"


def _addresses(hosts: Any, port: Any) -> str:
    addresses = []
    for host in [one for several in hosts for one in str(several).split(",")]:
        if "/" in host or "@" in host:
            raise _Unknown("one of its hosts is a socket or a URL")
        bare = host.startswith("[") or host.count(":") == 1
        addresses.append(host if bare and not host.endswith("]") else f"{host}:{int(port)}")
    return ",".join(addresses)


def _options(arguments: Mapping[str, Any]) -> dict[str, str]:
    options = {}
    for name, value in arguments.items():
        if name in _IRRELEVANT or value is None:
            continue
        if name not in _SAME:
            raise _Unknown(f"its argument {name} has no native counterpart")
        if not isinstance(value, (str, int, bool)):
            raise _Unknown(f"its argument {name} is a {type(value).__name__}")
        options[_SAME[name]] = str(value).lower() if isinstance(value, bool) else str(value)
    if options.get("authMechanism", "DEFAULT") not in _MECHANISMS:
        raise _Unknown("its authMechanism has no native counterpart")
    if options.get("w") == "0":
        raise _Unknown("it doesn't wait for its writes")
    if options.get("authMechanism") == "DEFAULT":
        del options["authMechanism"]
    if options.get("maxPoolSize") == "0":
        del options["maxPoolSize"]
    return options


def _patched(client: Any, library: Any) -> str | None:
    """A function of pymongo's that isn't its own any more, on the client or on a class."""
    name: str
    for name in vars(client):
        if isinstance(getattr(type(client), name, None), FunctionType):
            return name
    synchronous = getattr(library, "synchronous", library)
    classes = {
        "MongoClient": type(client),
        "Database": getattr(getattr(synchronous, "database", None), "Database", None),
        "Collection": getattr(getattr(synchronous, "collection", None), "Collection", None),
    }
    home = (library.__file__ or "").removesuffix("__init__.py")
    for kind, names in _FUNCTIONS.items():
        for name in names:
            function = getattr(classes[kind], name, None)
            if not isinstance(function, FunctionType) or not function.__code__.co_filename.startswith(home):
                return f"{kind}.{name}"
    return None
