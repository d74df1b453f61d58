"""SESSION_TYPE in capitals, the lifetime a timedelta, the client reached through the interface."""

import os
from datetime import timedelta

from flask import Flask, current_app, session
from redis import Redis

from flask_session import Session

app = Flask(__name__)
app.config["SESSION_TYPE"] = "REDIS"
app.config["SESSION_REDIS"] = Redis.from_url(
    f"redis://127.0.0.1:{os.environ['REDIS_PORT']}/{os.environ['REDIS_DATABASE']}"
)
app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=1)
Session(app)


@app.route("/login")
def login():
    session["user"] = "ann"
    return "welcome"


@app.route("/stored")
def stored():
    interface = current_app.session_interface
    key = interface.key_prefix + session.sid
    held = interface.client.exists(key), interface.client.get(key)
    return repr((held, key == interface._get_store_id(session.sid)))


@app.route("/logout")
def logout():
    session.clear()
    return "bye"


@app.route("/settings")
def settings():
    interface = current_app.session_interface
    user = session.get("user")
    names = ("key_prefix", "use_signer", "permanent", "sid_length", "ttl", "has_same_site_capability")
    return repr([(name, getattr(interface, name)) for name in names]) + user + type(interface).__name__


REQUESTS = [{"path": "/login"}, {"path": "/stored"}, {"path": "/settings"}, {"path": "/logout"}]
