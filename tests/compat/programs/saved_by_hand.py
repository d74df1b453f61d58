"""save_session called by the application, and once more by Flask; session_transaction in a test."""

import os

from flask import Flask, Response, request, session
from redis import Redis

from flask_session import Session

app = Flask(__name__)
app.config.update(
    SESSION_TYPE="redis",
    SESSION_REDIS=Redis(port=int(os.environ["REDIS_PORT"]), db=int(os.environ["REDIS_DATABASE"])),
)
Session(app)


@app.route("/save")
def save():
    session["saved"] = "by hand"
    thrown_away = Response()
    app.session_interface.save_session(app, session, thrown_away)
    session["later"] = True
    return str("Set-Cookie" in thrown_away.headers)


@app.after_request
def after(response):
    if request.path == "/after":
        session["after"] = True
        app.session_interface.save_session(app, session, response)
    return response


@app.route("/after")
def plain():
    return "ok"


@app.route("/see")
def see():
    return repr(sorted(session.items()))


@app.route("/transaction")
def transaction():
    client = app.test_client()
    with client.session_transaction() as held:
        held["user"] = "tester"
    return client.get("/see").get_data(as_text=True) + repr("user" in session)


REQUESTS = [{"path": path} for path in ("/save", "/see", "/after", "/see", "/transaction")]
