"""The fixed small app that every scenario talks to: it runs the statements that a request brings along."""

import ast
import collections
import copy
import datetime
import decimal
import json
import logging
import uuid

import flask
import markupsafe
import redis
import redis.sentinel
from flask import Flask, flash, get_flashed_messages, request, session
from scenario_clients import clients, connect_database, make_tables

from flask_session import Session

NAMES = {
    "Decimal": decimal.Decimal,
    "Markup": markupsafe.Markup,
    "UUID": uuid.UUID,
    "collections": collections,
    "copy": copy,
    "date": datetime.date,
    "datetime": datetime.datetime,
    "flash": flash,
    "flask": flask,
    "get_flashed_messages": get_flashed_messages,
    "json": json,
    "session": session,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
    "timezone": datetime.timezone,
}


REDIS_CLIENTS = {}


def raw_session():
    """The session object itself. Asking the proxy would mark it accessed (Flask 3.1.3)."""
    context = flask.globals.request_ctx._get_current_object()
    return context._session if hasattr(context, "_session") else context.session


def statements(source):
    """The source of each top-level statement."""
    return [ast.unparse(statement) for statement in ast.parse(source).body]


def flags(raw):
    return {"modified": raw.modified, "accessed": getattr(raw, "accessed", None)}


class Handler(logging.Handler):
    """Notes each warning beside what else was observed."""

    def __init__(self, app):
        super().__init__(logging.WARNING)
        self.app = app

    def emit(self, record):
        self.app.extensions["observed"].setdefault("logged", []).append(record.getMessage())


def redis_cluster(port):
    """A cluster's client that lives as long as the process."""
    if port not in REDIS_CLIENTS:
        REDIS_CLIENTS[port] = redis.RedisCluster(host="127.0.0.1", port=port)
    return REDIS_CLIENTS[port]


def redis_primary(port):
    """The primary that a sentinel names."""
    if port not in REDIS_CLIENTS:
        REDIS_CLIENTS[port] = redis.sentinel.Sentinel([("127.0.0.1", port)]).master_for("main")
    return REDIS_CLIENTS[port]


def make_app(config, client):
    app = Flask("scenario")
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=client, PROPAGATE_EXCEPTIONS=False)
    app.config.update(config)
    app.config.update(clients(config))
    if "SENTINEL_PORT" in config:
        app.config["SESSION_REDIS"] = redis_primary(config["SENTINEL_PORT"])
    app.logger.disabled = not config.get("LOG_IS_OBSERVED")
    app.logger.handlers[:] = [Handler(app)]
    app.logger.propagate = False
    connect_database(app)
    Session(app)
    if config.get("TABLES_ARE_MADE_BY_HAND"):
        make_tables(app)
    if "CLUSTER_PORT" in config:
        # 0.8.0 takes no cluster from SESSION_REDIS, but drives one that is assigned.
        app.session_interface.client = redis_cluster(config["CLUSTER_PORT"])
    if app.config.get("HOOKED"):
        # An instance with a hook of the application's own: every hook must be called.
        retrieve = app.session_interface._retrieve_session_data
        app.session_interface._retrieve_session_data = lambda store_id: retrieve(store_id)

    @app.route("/", methods=["POST"])
    def run():
        raw = raw_session()
        names = {**NAMES, "raw": raw, "app": app, "interface": app.session_interface, "fresh": fresh}
        observed = app.extensions["observed"]
        observed["flags"] = {"0 (at first)": flags(raw)}
        script = request.get_json()
        for number, statement in enumerate(statements(script["run"]), 1):
            exec(statement, names)
            observed["flags"][f"{number} {statement}"] = flags(raw)
        return "" if script["answer"] is None else repr(eval(script["answer"], names))

    def fresh(statement, content):
        """The flags that `statement` leaves on a session object that no request opened."""
        raw = app.session_interface.session_class(copy.deepcopy(content), sid="fixed-session-id")
        raw.modified = raw.accessed = False
        exec(statement, {**NAMES, "session": raw})
        return [raw.modified, raw.accessed]

    def note(exception_information):
        app.extensions["observed"].setdefault("raised", exception_information[0].__name__)

    app.log_exception = note
    return app
