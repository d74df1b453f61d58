"""A Flask site of one release, which plays the same requests as `crates/tower/examples/interop_site.rs`.

Usage: flask_site.py SETTINGS        (JSON; the first line of the output is its port; it ends with its input)
"""

import datetime
import decimal
import json
import os
import struct
import sys
import threading
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "compat"))

from flask import Flask, request, session
from scenario_clients import clients, connect_database
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_session import Session

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


def write(value):
    kind = type(value)
    if value is None:
        return ["none"]
    if kind is bool or kind is str:
        return [kind.__name__, value]
    if kind is int:
        return ["int", str(value)]
    if kind is float:
        return ["float", struct.pack(">d", value).hex()]
    if kind is bytes:
        return ["bytes", value.hex()]
    if kind is list or kind is tuple:
        return [kind.__name__, [write(one) for one in value]]
    if kind is dict:
        return ["dict", [[write(key), write(one)] for key, one in value.items()]]
    if kind is datetime.datetime:
        since = value - EPOCH
        return ["moment", since.days * 86400 + since.seconds, since.microseconds]
    return [kind.__name__, str(value)]


def read(written):
    kind, *held = written
    if kind == "none":
        return None
    if kind == "float":
        return struct.unpack(">d", bytes.fromhex(held[0]))[0]
    if kind == "list" or kind == "tuple":
        return {"list": list, "tuple": tuple}[kind](read(one) for one in held[0])
    if kind == "dict":
        return {read(key): read(one) for key, one in held[0]}
    if kind == "moment":
        return EPOCH + datetime.timedelta(seconds=held[0], microseconds=held[1])
    makers = {
        "bool": bool,
        "int": int,
        "str": str,
        "bytes": bytes.fromhex,
        "UUID": uuid.UUID,
        "date": datetime.date.fromisoformat,
        "Decimal": decimal.Decimal,
    }
    return makers[kind](held[0])


def make_app(config):
    app = Flask("interop")
    app.config.update(config)
    app.config.update(clients(config))
    connect_database(app)
    Session(app)

    def given(name):
        return request.get_json()[name]

    @app.get("/see")
    def see():
        # 0.8.0 sees our notes on types.
        hidden = ("_permanent", "__flask_session__")
        return {key: write(value) for key, value in session.items() if key not in hidden}

    @app.post("/login")
    def log_in():
        session.clear()
        session["user"] = read(given("value"))
        app.session_interface.regenerate(session)
        return see()

    @app.post("/logout")
    def log_out():
        session.clear()
        return see()

    @app.post("/renew")
    def renew():
        app.session_interface.regenerate(session)
        return see()

    @app.post("/put")
    def put():
        session[given("key")] = read(given("value"))
        return see()

    @app.post("/remove")
    def remove():
        session.pop(given("key"), None)
        return see()

    @app.post("/append")
    def append():
        # As 0.8.0 demands it.
        session["cart"] = [*session.get("cart", []), read(given("value"))]
        return see()

    return app


class Handler(WSGIRequestHandler):
    """Says nothing."""

    def log_request(self, *_):
        pass


def wait_for_end_of_input():
    while os.read(0, 1024):
        pass
    os._exit(0)


def main():
    app = make_app(json.loads(sys.argv[1]))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
