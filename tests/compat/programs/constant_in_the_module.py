"""As in tutorials: SESSION_TYPE is a constant of the module, read by from_object; the port is a string."""

import os

import redis
from flask import Flask, session

from flask_session import Session

app = Flask(__name__)

SESSION_TYPE = "redis"
SESSION_REDIS = redis.Redis(host="127.0.0.1", port=os.environ["REDIS_PORT"], db=os.environ["REDIS_DATABASE"])
app.config.from_object(__name__)
Session(app)


@app.route("/set/")
def put():
    session["key"] = "value"
    return "ok"


@app.route("/get/")
def get():
    return session.get("key", "not set")


REQUESTS = [{"path": "/get/"}, {"path": "/set/"}, {"path": "/get/"}]
