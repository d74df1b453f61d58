"""Flask-SocketIO with manage_session=False: events and requests share one session."""

from flask import Flask, request, session
from flask_socketio import SocketIO
from serve import configured

from flask_session import Session

app = configured(Flask("sockets"))
Session(app)
sockets = SocketIO(app, manage_session=False, async_mode="threading")


@app.route("/login", methods=["POST"])
def log_in():
    session["name"] = request.form["name"]
    return "welcome"


@app.route("/count", methods=["GET", "POST"])
def count():
    if request.method == "POST":
        session["count"] = session.get("count", 0) + 1
    return str(session.get("count", 0))


@sockets.on("connect")
def connected():
    return "name" in session  # False refuses the connection


@sockets.on("name")
def name():
    return session["name"]


@sockets.on("count")
def count_event():
    session["count"] = session.get("count", 0) + 1
    return session["count"]
