"""An app that gunicorn loads before it forks; its sessions were used by then. Settings come in SETTINGS."""

import json
import os

from flask import Flask, session

from flask_session import Session

app = Flask("preloaded")
app.config.update(json.loads(os.environ["SETTINGS"]))
Session(app)


@app.route("/set/<owner>")
def put(owner):
    session["owner"] = owner
    session["count"] = 0
    return owner


@app.route("/count")
def count():
    session["count"] += 1
    return f"{session['owner']} {session['count']} {os.getpid()}"


assert app.test_client().get("/set/preloading").status_code == 200
