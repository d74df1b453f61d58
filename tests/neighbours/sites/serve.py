"""Serves one of the sites beside this file, and prints its port: `python serve.py NAME`.

Runs in an environment with Flask-Session 0.8.0 or with ours, and imports nothing of the tests. The settings
are in the environment: SESSION_STORE, STORE_URL, STORE_FOLDER, and CERTIFICATE and KEY for a site with TLS.
"""

import importlib
import os
import socket
import sys

import redis
from flask import Flask
from werkzeug.serving import make_server


def configured(app: Flask) -> Flask:
    """The site's application with the session settings of this run; the site calls Session itself."""
    app.config.update(SECRET_KEY="of the tests", SESSION_TYPE=os.environ["SESSION_STORE"])
    if os.environ["SESSION_STORE"] == "redis":
        app.config["SESSION_REDIS"] = redis.Redis.from_url(os.environ["STORE_URL"])
    else:
        app.config["SESSION_FILE_DIR"] = os.environ["STORE_FOLDER"]
    return app


def main() -> None:
    sys.modules["serve"] = sys.modules["__main__"]
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    os.environ["PORT"] = str(port)  # for a site that must know its own address
    app = importlib.import_module(sys.argv[1]).app
    tls = (os.environ["CERTIFICATE"], os.environ["KEY"]) if "CERTIFICATE" in os.environ else None
    server = make_server("127.0.0.1", port, app, threaded=True, ssl_context=tls, fd=listening.fileno())
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
