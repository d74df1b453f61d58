"""The site that gunicorn serves: without sessions, with Flask's own in a cookie, or with Flask-Session's."""

from __future__ import annotations

import itertools
import json
import os

from flask import Flask, session

app = Flask("site")
app.config.update(SECRET_KEY="of the benchmark", PERMANENT_SESSION_LIFETIME=3600)
kind = os.environ["SITE"]

if kind == "sessions":
    import redis

    from flask_session import Session

    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis.Redis.from_url(os.environ["REDIS_URL"]))
    Session(app)

counter = itertools.count()


@app.route("/none")
def none() -> str:
    return "hello"


@app.route("/begin")
def begin() -> str:
    session.permanent = True
    session.update(json.loads(os.environ["CONTENT"]))
    return "hello"


@app.route("/read")
def read() -> str:
    return "hello " + session["_user_id"]


@app.route("/modify")
def modify() -> str:
    session["visits"] = next(counter)
    return "hello " + session["_user_id"]
