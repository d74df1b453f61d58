"""An application under test, whose Redis is fakeredis."""

import fakeredis
from flask import Flask, request, session
from serve import configured

from flask_session import Session

app = configured(Flask("fake"))
app.config.update(SESSION_TYPE="redis", SESSION_REDIS=fakeredis.FakeRedis())
Session(app)


@app.route("/put", methods=["POST"])
def put():
    session.update(request.form)
    return ""


@app.route("/see")
def see():
    return session.get("name", "nobody")


@app.route("/leave", methods=["POST"])
def leave():
    session.clear()
    return ""


@app.route("/keys")
def keys():
    return str(len(app.config["SESSION_REDIS"].keys("session:*")))
