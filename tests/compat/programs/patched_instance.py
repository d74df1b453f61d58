"""An interface whose instance is patched while it runs: cookie hooks, storage hooks, the prefix."""

import os

from flask import Flask, session
from redis import Redis

from flask_session import Session

port = int(os.environ["REDIS_PORT"])
app = Flask(__name__)
app.config.update(SESSION_TYPE="redis", SESSION_REDIS=Redis(port=port, db=int(os.environ["REDIS_DATABASE"])))
Session(app)
interface = app.session_interface
interface.key_prefix = "assigned:"


@app.route("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.route("/no-cookie")
def no_cookie():
    interface.should_set_cookie = lambda app, session: False
    return count()


@app.route("/cookie-again")
def cookie_again():
    del interface.should_set_cookie
    interface.get_cookie_path = lambda app: "/patched"
    return count()


@app.route("/no-storage")
def no_storage():
    interface.should_set_storage = lambda app, session: False
    return count()


@app.route("/storage-again")
def storage_again():
    del interface.should_set_storage
    return count()


@app.route("/remembered")
def remembered():
    held = {}
    interface._retrieve_session_data = lambda store_id: held.get(store_id)
    interface._upsert_session = lambda lifetime, session, store_id: held.update({store_id: dict(session)})
    return count()


PATHS = ("/count", "/no-cookie", "/cookie-again", "/no-storage", "/storage-again", "/count")
REQUESTS = [{"path": path} for path in (*PATHS, "/remembered", "/count")]
