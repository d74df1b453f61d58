"""A site of one release whose views do what their request says, and stand still in between if it says so.

Usage: raced_app.py SETTINGS        (JSON; the first line of the output is the port)
"""

import json
import os
import sys
import threading
from collections import defaultdict

from flask import Flask, request, session
from scenario_clients import clients, connect_database
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_session import Session

LIMIT = 120.0


class Hold:
    """A place where a view stands still until the test lets it go on."""

    def __init__(self):
        self.arrived = threading.Event()
        self.released = threading.Event()


def make_app(config):
    app = Flask("raced")
    app.config.update(config)
    app.config.update(clients(config))
    connect_database(app)
    Session(app)
    row = table_of(app)
    holds = defaultdict(Hold)

    def perform(what, *words):
        if what == "put":
            session.update(words[0])
        elif what == "look":
            session.get("user")
        elif what == "append":
            session["cart"].append(words[0])
        elif what == "log out":
            session.clear()
        elif what == "renew":
            app.session_interface.regenerate(session)
        elif what == "hold":
            holds[words[0]].arrived.set()
            holds[words[0]].released.wait(LIMIT)
        elif what == "add a row and fail":
            app.extensions["sqlalchemy"].session.add(row())
            raise RuntimeError

    @app.post("/do")
    def do():
        for step in request.get_json():
            perform(*step)
        # 0.8.0 sees our notes on types.
        hidden = ("_permanent", "__flask_session__")
        return {key: value for key, value in session.items() if key not in hidden}

    @app.post("/arrived/<name>")
    def arrived(name):
        return {"arrived": holds[name].arrived.wait(LIMIT)}

    @app.post("/release/<name>")
    def release(name):
        holds[name].released.set()
        return {}

    @app.post("/rows")
    def rows():
        return {"rows": row.query.count()}

    handle_failures(app, config)
    return app


def table_of(app):
    """A table of the application's own, if it has a database."""
    if "sqlalchemy" not in app.extensions:
        return None
    db = app.extensions["sqlalchemy"]

    class Row(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    with app.app_context():
        db.create_all()
    return Row


def handle_failures(app, config):
    """The application's own answer to a store that fails, as the release's documentation has it."""

    def sorry(_):
        return {"sorry": True}, 503

    if config["RELEASE"] == "ours":
        from flask_session import StoreFailure

        app.register_error_handler(StoreFailure, sorry)
    else:
        from redis.exceptions import RedisError

        app.register_error_handler(RedisError, sorry)


class Handler(WSGIRequestHandler):
    """Says nothing."""

    def log(self, *_):
        pass


def wait_for_end_of_input():
    while os.read(0, 1024):
        pass
    os._exit(0)


def main():
    server = make_server(
        "127.0.0.1", 0, make_app(json.loads(sys.argv[1])), threaded=True, request_handler=Handler
    )
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
