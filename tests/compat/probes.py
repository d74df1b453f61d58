"""What no request shows: how a release starts, what it asks of its clients, and what it leaves behind.

Usage: probes.py PLACES        (JSON: redis, memcached, dynamodb, folder; the answer is JSON, too)

Each function is named like the difference that it shows, with underscores.
"""

import contextlib
import importlib
import json
import os
import socket
import sys
import warnings
from pathlib import Path

import flask_sqlalchemy
import redis
import sqlalchemy
from cachelib import SimpleCache
from flask import Flask, session
from scenario_clients import dynamodb_resource

from flask_session import Session

PLACES = json.loads(sys.argv[1])
PROBES = {}


def probe(function):
    PROBES[function.__name__.replace("_", "-")] = function
    return function


def made(**config):
    """An app on Redis, unless told, whose page sets and tells one entry."""
    app = Flask("probe")
    app.config.update(SESSION_TYPE="redis", PROPAGATE_EXCEPTIONS=True)
    app.config["SESSION_REDIS"] = redis.Redis.from_url(PLACES["redis"])
    app.config.update(config)
    app.logger.disabled = True
    if "SQLALCHEMY_DATABASE_URI" in config:
        app.config["SESSION_SQLALCHEMY"] = flask_sqlalchemy.SQLAlchemy(app)
    Session(app)
    app.add_url_rule("/", "page", lambda: str(session.setdefault("a", 1)))
    return app


def error(**config):
    """The error of an app and its first request."""
    try:
        made(**config).test_client().get("/")
    except Exception as problem:
        return type(problem).__name__
    return None


@probe
def native_connections():
    """Whether the client object has connected."""
    app = made()
    app.test_client().get("/")
    return len(app.config["SESSION_REDIS"].connection_pool._available_connections) > 0


@probe
def sql_table_is_lazy():
    """Whether there is a table before the first request."""
    app = made(SESSION_TYPE="sqlalchemy", SQLALCHEMY_DATABASE_URI=f"sqlite:///{PLACES['folder']}/lazy.db")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        found = sqlalchemy.inspect(engine).has_table("sessions")
        engine.dispose()
        return found


@probe
def sql_errors_are_ours():
    """Whose exception says that the table has no such column."""
    app = made(SESSION_TYPE="sqlalchemy", SQLALCHEMY_DATABASE_URI=f"sqlite:///{PLACES['folder']}/changed.db")
    client = app.test_client()
    client.get("/")
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("ALTER TABLE sessions RENAME COLUMN data TO other"))
        try:
            client.get("/")
        except Exception as problem:
            return type(problem).__module__.partition(".")[0]
        finally:
            engine.dispose()
    return None


def cleanup(app):
    """The exit status of `flask session_cleanup`."""
    return app.test_cli_runner().invoke(args=["session_cleanup"]).exit_code


@probe
def files_are_swept():
    return cleanup(made(SESSION_TYPE="filesystem", SESSION_FILE_DIR=f"{PLACES['folder']}/swept"))


@probe
def cleanup_for_all():
    return cleanup(made())


@probe
def threshold_spares_the_living():
    """Whether all of 520 live sessions are left."""
    app = made(SESSION_TYPE="filesystem", SESSION_FILE_DIR=f"{PLACES['folder']}/threshold")
    app.add_url_rule("/see", "see", lambda: str(session.get("a")))
    browsers = [app.test_client() for _ in range(520)]
    for browser in browsers:
        browser.get("/")
    return sum(browser.get("/see").text == "1" for browser in browsers) == len(browsers)


@probe
def lost_saves_are_errors():
    class Full(SimpleCache):
        def set(self, key, value, timeout=None):
            return False

    return error(SESSION_TYPE="cachelib", SESSION_CACHELIB=Full())


@contextlib.contextmanager
def dead_port():
    """A port that nobody listens on."""
    with contextlib.closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@probe
def dead_memcached_is_an_error():
    memcache = importlib.import_module("memcache")
    with dead_port() as port:
        return error(SESSION_TYPE="memcached", SESSION_MEMCACHED=memcache.Client([f"127.0.0.1:{port}"]))


@probe
def redis_errors_are_ours():
    with dead_port() as port:
        return error(SESSION_REDIS=redis.Redis(port=port, retry=None))


@probe
def set_is_awaited():
    """The error that follows a session which the server takes from no client; pymemcache doesn't wait."""
    pymemcache = importlib.import_module("pymemcache")
    app = made(SESSION_TYPE="memcached", SESSION_MEMCACHED=pymemcache.Client(PLACES["memcached"]))
    app.add_url_rule("/large", "large", lambda: session.update(a="x" * 2_000_000) or "")
    try:
        app.test_client().get("/large")
    except Exception as problem:
        return type(problem).__name__
    return None


@probe
def null_is_a_type():
    app = Flask("probe")
    try:
        Session(app)
    except ValueError:
        return "ValueError"
    return type(app.session_interface).__name__


@probe
def no_deprecations():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        made(SESSION_USE_SIGNER=True, SECRET_KEY="key")
    return any(issubclass(warning.category, DeprecationWarning) for warning in found)


@probe
def misconfigured_at_once():
    return error(SESSION_USE_SIGNER=True)


@probe
def flags_mean_what_they_say():
    app = made(SESSION_PERMANENT="False")
    app.add_url_rule("/permanent", "permanent", lambda: str(session.permanent))
    return app.test_client().get("/permanent").text


@probe
def short_lifetimes_are_no_error():
    return error(PERMANENT_SESSION_LIFETIME=0.5)


@probe
def id_length_is_checked():
    return error(SESSION_ID_LENGTH=3)


@probe
def tables_at_first_use():
    resource = dynamodb_resource(PLACES["dynamodb"])
    name = f"Probe{os.getpid()}"
    made(SESSION_TYPE="dynamodb", SESSION_DYNAMODB=resource, SESSION_DYNAMODB_TABLE=name)
    return name in resource.meta.client.list_tables()["TableNames"]


@probe
def needs_flask_only():
    """Whether the package's own modules import msgspec."""
    folder = Path(importlib.import_module("flask_session").__file__).parent
    return any("import msgspec" in path.read_text() for path in folder.rglob("*.py"))


def main():
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps({name: function() for name, function in PROBES.items()}))


if __name__ == "__main__":
    main()
