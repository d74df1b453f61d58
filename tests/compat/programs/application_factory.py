"""An application factory: one Session for two apps that differ in their settings, a password, StrictRedis."""

import os

from flask import Flask, session
from redis import StrictRedis

from flask_session import Session

sess = Session()


class Config:
    SESSION_TYPE = "redis"
    SESSION_PERMANENT = False
    SESSION_USE_SIGNER = True
    SECRET_KEY = "a secret"
    SESSION_KEY_PREFIX = "shop:"
    SESSION_REDIS = StrictRedis(
        host="127.0.0.1",
        port=int(os.environ["PROTECTED_REDIS_PORT"]),
        db=0,
        password=os.environ["PROTECTED_REDIS_PASSWORD"],
        socket_timeout=5,
    )


def create_app(prefix):
    app = Flask(__name__)
    app.config.from_object(Config)
    app.config["SESSION_KEY_PREFIX"] = prefix
    sess.init_app(app)

    @app.route("/")
    def index():
        session["visits"] = session.get("visits", 0) + 1
        return f"{prefix} {session['visits']} {app.session_interface.key_prefix}"

    return app


other = create_app("other:")
app = create_app("shop:")
assert other.session_interface is not app.session_interface

REQUESTS = [{"path": "/"}, {"path": "/"}, {"path": "/"}]
