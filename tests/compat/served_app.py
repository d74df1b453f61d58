"""A small site of one release, served by threads until its input ends: who is logged in, and what they keep.

Usage: served_app.py SETTINGS        (JSON; the first line of the output is the port)
"""

import json
import os
import sys
import threading

from flask import Flask, request, session
from scenario_clients import clients, connect_database
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_session import Session


def make_app(config):
    app = Flask("served")
    app.config.update(config)
    app.config.update(clients(config))
    connect_database(app)
    Session(app)

    @app.after_request
    def tell_the_release(response):
        response.headers["X-Release"] = config["RELEASE"]
        return response

    @app.post("/login")
    def log_in():
        session.clear()
        session["user"] = request.get_json()["user"]
        app.session_interface.regenerate(session)
        return everything()

    @app.post("/logout")
    def log_out():
        session.clear()
        return everything()

    @app.post("/renew")
    def renew():
        app.session_interface.regenerate(session)
        return everything()

    @app.post("/put")
    def put():
        """A typed value, which 0.8.0 writes as a list."""
        given = request.get_json()
        session[given["key"]] = (given["value"], session.get("user"))
        return everything()

    @app.post("/append")
    def append():
        """A change inside a value, marked as 0.8.0 demands."""
        session["cart"] = session.get("cart", [])
        session["cart"].append(request.get_json()["value"])
        del session["cart"][:-3]
        session.modified = True
        return everything()

    @app.get("/see")
    def everything():
        # 0.8.0 sees our notes on types.
        return {
            key: value for key, value in session.items() if key not in ("_permanent", "__flask_session__")
        }

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
    server = make_server(
        "127.0.0.1", 0, make_app(json.loads(sys.argv[1])), threaded=True, request_handler=Handler
    )
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
