"""What a driver's arguments mean for native connections, driver by driver.

They are read as SQLAlchemy hands them over, the URL and ``connect_args`` in one. Each one is translated,
makes no difference to us, or is not understood, and then the driver itself is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote, urlencode

from ..translation import Native


class Unknown(Exception):
    """The text says what is not understood."""


class Arguments:
    """A driver's arguments; what nobody took is not understood."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._left = {name: value for name, value in given.items() if value is not None}

    def value(self, *names: str) -> Any:
        """Takes the value of the first of ``names`` that is given, and drops the others; None without."""
        found = [self._left.pop(name) for name in names if name in self._left]
        return found[0] if found else None

    def text(self, *names: str) -> str | None:
        """The same, as text: numbers and paths are text to these drivers, too."""
        value = self.value(*names)
        if value is None or isinstance(value, str):
            return value or None
        if isinstance(value, (int, PurePath)) and not isinstance(value, bool):
            return str(value)
        raise Unknown(f"its argument {names[0]} is a {type(value).__name__}")

    def number(self, *names: str) -> float | None:
        """The same, as a number; None for 0."""
        value = self.text(*names)
        try:
            return float(value) or None if value is not None else None
        except ValueError:
            raise Unknown(f"its argument {names[0]} is not a number") from None

    def flag(self, *names: str) -> bool | None:
        """The same, as True or False."""
        value = self.value(*names)
        if value is None or isinstance(value, bool):
            return value
        known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if str(value).lower() not in known:
            raise Unknown(f"its argument {names[0]} is neither True nor False")
        return known[str(value).lower()]

    def ignore(self, names: Iterable[str]) -> None:
        """These change nothing for us."""
        for name in names:
            self._left.pop(name, None)

    def finish(self) -> None:
        """Raises Unknown if anything is left that asks for something."""
        for name, value in self._left.items():
            if value not in (False, 0, "", (), [], {}):
                raise Unknown(f"its argument {name} has no native counterpart")


# What psycopg2 and psycopg themselves make of rows, types and transactions, and sockets' details.
_LIBPQ_IRRELEVANT = (
    *("client_encoding", "fallback_application_name", "keepalives", "keepalives_idle"),
    *("keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslcompression", "sslsni"),
    *("cursor_factory", "row_factory", "context", "autocommit", "use_native_unicode", "gssdelegation"),
)
# Where libpq reads what it isn't told, by the argument that goes before the variable.
_LIBPQ_VARIABLES = {
    "port": ("PGPORT",),
    "dbname": ("PGDATABASE",),
    "password": ("PGPASSWORD", "PGPASSFILE"),
    "options": ("PGOPTIONS",),
    "sslmode": ("PGSSLMODE", "PGREQUIRESSL"),
    "sslrootcert": ("PGSSLROOTCERT",),
    "sslcert": ("PGSSLCERT", "PGSSLKEY"),
    "connect_timeout": ("PGCONNECT_TIMEOUT",),
    "": ("PGHOSTADDR", "PGSERVICE", "PGSSLCRL", "PGREQUIREAUTH", "PGTARGETSESSIONATTRS", "PGCHANNELBINDING"),
}


def libpq(given: Mapping[str, Any]) -> Native:
    """psycopg2 and psycopg."""
    if "prepare_threshold" in given and given["prepare_threshold"] is None:
        # Who has a pooler between that gives every transaction another server says so.
        raise Unknown("it prepares no statements")
    for argument, variables in _LIBPQ_VARIABLES.items():
        for variable in variables:
            if variable in os.environ and given.get(argument) is None:
                raise Unknown(f"libpq takes a setting from the environment's {variable}")
    arguments = Arguments(given)
    arguments.ignore((*_LIBPQ_IRRELEVANT, "prepare_threshold"))
    host, port = arguments.text("host"), arguments.text("port")
    if host is None or host.startswith("@") or "," in f"{host}{port or ''}":
        raise Unknown("it has no host, or several")
    options = _credentials(arguments)
    if "password" not in options and Path("~/.pgpass").expanduser().exists():
        raise Unknown("libpq takes its password from a file")
    query = {"application_name": arguments.text("application_name"), "options": arguments.text("options")}
    limit = arguments.number("connect_timeout")
    if limit is not None and limit > 0:
        options["connect_timeout"] = limit
    if (arguments.text("target_session_attrs") or "any") != "any":
        raise Unknown("its argument target_session_attrs has no native counterpart")
    for name in ("gssencmode", "channel_binding"):
        if arguments.text(name) == "require":
            raise Unknown(f"its argument {name} has no native counterpart")
    mode = arguments.text("sslmode") or "prefer"
    files = (arguments.text("sslrootcert"), arguments.text("sslcert"), arguments.text("sslkey"))
    database = arguments.text("dbname", "database")
    arguments.finish()
    if not host.startswith("/"):
        query["sslmode"] = _libpq_tls(mode, files, options)
    return _native("postgresql", host, port, database, query, options)


def _libpq_tls(mode: str, files: tuple[str | None, str | None, str | None], options: dict[str, Any]) -> str:
    """The native ``sslmode``; the files, of authorities, a certificate and its key, go into ``options``."""
    authorities, certificate, key = files
    if mode == "disable":
        return mode
    if Path("~/.postgresql").expanduser().exists():
        raise Unknown("libpq takes certificates from the user's folder")
    if (certificate is None) != (key is None):
        raise Unknown("it has only one of sslcert and sslkey")
    if certificate is not None:
        options.update(cert_file=certificate, key_file=key)
    if authorities is None:
        if mode.startswith("verify"):
            raise Unknown("it has no sslrootcert")
        return mode
    if authorities == "system" or mode in ("allow", "prefer"):
        raise Unknown("its sslrootcert has no native counterpart with this sslmode")
    options.update(ca_file=authorities, verify=True, verify_hostname=mode == "verify-full")
    # A file of authorities makes libpq look at the certificate with "require", too.
    return "verify-ca" if mode == "require" else mode


def pg8000(given: Mapping[str, Any]) -> Native:
    """pg8000."""
    arguments = Arguments(given)
    arguments.ignore(("tcp_keepalive",))
    options = _credentials(arguments)
    limit = arguments.number("timeout")
    if limit is not None:
        options.update(timeout=limit, connect_timeout=limit)
    host, port = arguments.text("host") or "localhost", arguments.text("port")
    socket = arguments.text("unix_sock")
    if socket is not None:
        folder, name = os.path.split(socket)
        if not name.startswith(".s.PGSQL."):
            raise Unknown("its unix_sock is not named as PostgreSQL names sockets")
        host, port = folder, name.removeprefix(".s.PGSQL.")
    query = {"application_name": arguments.text("application_name")}
    context = given.get("ssl_context")
    if context not in (None, True, False):
        raise Unknown("its ssl_context can't be read")
    if not host.startswith("/"):
        query["sslmode"] = {None: "prefer", True: "require", False: "disable"}[context]
    arguments.ignore(("ssl_context",))
    database = arguments.text("database")
    arguments.finish()
    return _native("postgresql", host, port, database, query, options)


_MYSQL_IRRELEVANT = (
    *("charset", "collation", "use_unicode", "binary_prefix", "autocommit", "client_flag", "client_flags"),
    *("local_infile", "allow_local_infile", "cursorclass", "conv", "converter_class", "max_allowed_packet"),
    *("program_name", "conn_attrs", "buffered", "raw", "raise_on_warnings", "get_warnings"),
    *("consume_results", "use_pure", "auth_plugin", "write_timeout", "time_zone"),
)
_NOT_VERIFIED = ("none", "0", "false", "no")
_VERIFIED = ("required", "1", "true", "yes")


def pymysql(given: Mapping[str, Any]) -> Native:
    """PyMySQL."""
    password = given.get("password") or given.get("passwd")
    if isinstance(password, str) and not password.isascii():
        raise Unknown("PyMySQL sends its password in another encoding")
    arguments = Arguments(given)
    disabled = arguments.flag("ssl_disabled")
    tls = arguments.value("ssl")
    names = ("ca", "cert", "key", "key_password", "verify_cert", "verify_identity")
    named = {name: arguments.value(f"ssl_{name}") for name in names}
    if not isinstance(tls, (dict, type(None))):
        raise Unknown("its argument ssl can't be read")
    if any(named.values()):
        identity = bool(named.pop("verify_identity"))
        verified = named.pop("verify_cert")
        tls = {**named, "check_hostname": identity, "verify_mode": identity or bool(verified)}
    if disabled or not tls:
        return _mysql(arguments, "DISABLED" if disabled else "PREFERRED", {})
    if any(tls.get(name) for name in ("capath", "cipher", "password", "key_password")):
        raise Unknown("its argument ssl has no native counterpart")
    mode = tls.get("verify_mode")
    verifies = mode in (None, True) or str(mode).lower() in _VERIFIED
    if not verifies and mode is not False and str(mode).lower() not in _NOT_VERIFIED:
        raise Unknown("its argument ssl has a verify_mode without native counterpart")
    if tls.get("ca") is None and mode is None:
        verifies = False
    return _mysql(arguments, "REQUIRED", _files(tls, verifies, verifies and tls.get("check_hostname", True)))


def mysqldb(given: Mapping[str, Any]) -> Native:
    """mysqlclient, whose library looks at a certificate's name only if it is told so."""
    arguments = Arguments(given)
    tls, mode = arguments.value("ssl") or {}, arguments.text("ssl_mode")
    if not isinstance(tls, dict) or tls.get("capath") or tls.get("cipher"):
        raise Unknown("its argument ssl can't be read")
    wanted = (mode or ("VERIFY_CA" if tls.get("ca") else "REQUIRED" if tls else "PREFERRED")).upper()
    _leaves_its_socket_to_the_library(given)
    if wanted in ("DISABLED", "PREFERRED"):
        return _mysql(arguments, wanted, {})
    if wanted not in ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"):
        raise Unknown("its ssl_mode has no native counterpart")
    by_name = wanted == "VERIFY_IDENTITY" or bool(tls.get("check_hostname"))
    return _mysql(arguments, "REQUIRED", _files(tls, wanted != "REQUIRED", by_name))


def mysqlconnector(given: Mapping[str, Any]) -> Native:
    """mysql-connector-python."""
    arguments = Arguments(given)
    disabled = arguments.flag("ssl_disabled")
    tls = {name: arguments.text(f"ssl_{name}") for name in ("ca", "cert", "key")}
    verifies, by_name = arguments.flag("ssl_verify_cert"), arguments.flag("ssl_verify_identity")
    if disabled or not (any(tls.values()) or verifies or by_name):
        return _mysql(arguments, "DISABLED" if disabled else "PREFERRED", {})
    return _mysql(arguments, "REQUIRED", _files(tls, bool(verifies or by_name), bool(by_name)))


def mariadbconnector(given: Mapping[str, Any]) -> Native:
    """MariaDB's connector."""
    arguments = Arguments(given)
    wanted = arguments.flag("ssl")
    tls = {name: arguments.text(f"ssl_{name}") for name in ("ca", "cert", "key")}
    verifies = arguments.flag("ssl_verify_cert")
    _leaves_its_socket_to_the_library(given)
    if not (any(tls.values()) or verifies or wanted):
        return _mysql(arguments, "PREFERRED", {})
    return _mysql(arguments, "REQUIRED", _files(tls, bool(verifies), bool(verifies)))


def _leaves_its_socket_to_the_library(given: Mapping[str, Any]) -> None:
    if not given.get("unix_socket") and given.get("host") in (None, "", "localhost"):
        raise Unknown("it leaves it to its library where the server's socket is")


def _files(tls: Mapping[str, Any], verifies: bool, by_name: bool) -> dict[str, Any]:
    if verifies and not tls.get("ca"):
        raise Unknown("it has no file of authorities")
    options: dict[str, Any] = {"verify": verifies, "verify_hostname": verifies and bool(by_name)}
    for name in ("ca", "cert", "key"):
        if tls.get(name) and (name != "ca" or verifies):
            options[f"{name}_file"] = str(tls[name])
    return options


def _mysql(arguments: Arguments, mode: str, tls: dict[str, Any]) -> Native:
    arguments.ignore(_MYSQL_IRRELEVANT)
    options = _credentials(arguments)
    host, port = arguments.text("host") or "localhost", arguments.text("port")
    database, socket = arguments.text("database", "db"), arguments.text("unix_socket")
    if database is None:
        raise Unknown("it names no database")
    for limit, value in (
        ("connect_timeout", arguments.number("connect_timeout", "connection_timeout")),
        ("timeout", arguments.number("read_timeout")),
    ):
        if value is not None:
            options[limit] = value
    arguments.finish()
    if socket is not None:
        return _native("mysql", "localhost", None, database, {"unix_socket": socket}, options)
    return _native("mysql", host, port, database, {"ssl_mode": mode} if not tls else {}, {**options, **tls})


def _credentials(arguments: Arguments) -> dict[str, Any]:
    user = arguments.text("user", "username")
    if user is None:
        raise Unknown("it names no user")
    password = arguments.value("password", "passwd")
    if not isinstance(password, (str, type(None))):
        raise Unknown("its password is not text")
    return {"username": user, **({"password": password} if password else {})}


def _native(
    scheme: str,
    host: str,
    port: str | None,
    database: str | None,
    query: Mapping[str, str | None],
    options: dict[str, Any],
) -> Native:
    settings = {name: value for name, value in query.items() if value is not None}
    if host.startswith("/"):
        settings.update(host=host)
        host = "localhost"
    address = f"[{host}]" if ":" in host else quote(host)
    place = f"{scheme}://{address}{f':{int(port)}' if port else ''}/{quote(database or '', safe='')}"
    return Native(f"{place}?{urlencode(settings, quote_via=quote)}" if settings else place, options)


READERS: dict[str, Callable[[Mapping[str, Any]], Native]] = {
    "psycopg2": libpq,
    "psycopg": libpq,
    "pg8000": pg8000,
    "pymysql": pymysql,
    "mysqldb": mysqldb,
    "mysqlconnector": mysqlconnector,
    "mariadbconnector": mariadbconnector,
}
"""By what SQLAlchemy calls the driver."""
