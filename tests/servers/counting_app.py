"""A site that counts each visitor's requests. By the time it is loaded, its sessions have been used.

The environment's PLACE says in JSON which store of the table it uses, and where that is.
"""

import json
import os

from flask import Flask, session

from configured import CONFIGURED
from flask_session import Session

PLACE = json.loads(os.environ["PLACE"])

app = Flask("counting")
app.config.update(CONFIGURED[PLACE["store"]](PLACE))
if "SQLALCHEMY_DATABASE_URI" in app.config:
    app.config["SESSION_SQLALCHEMY"].init_app(app)
Session(app)


@app.route("/ready")
def ready():
    return "ready"


@app.route("/set/<owner>")
def put(owner):
    session["owner"] = owner
    session["count"] = 0
    return seen()


@app.route("/count")
def count():
    session["count"] += 1
    return seen()


def seen():
    """What the visitor may see, and who answers."""
    own = {key: value for key, value in session.items() if key != "_permanent"}
    return json.dumps({"session": own, "process": os.getpid()})


def visit(path, cookie):
    """One request that no web server brings: its status, text and Set-Cookie."""
    headers = {"Cookie": cookie} if cookie else {}
    answer = app.test_client(use_cookies=False).get(path, headers=headers)
    return answer.status_code, answer.text, answer.headers.get("Set-Cookie")


assert visit("/set/preloading", None)[0] == 200
