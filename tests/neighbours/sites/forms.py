"""Flask-WTF: forms with CSRF tokens, and a header for scripts."""

from flask import Flask, session
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import generate_csrf
from serve import configured
from wtforms import StringField

from flask_session import Session

app = configured(Flask("forms"))
Session(app)
CSRFProtect(app)


class Name(FlaskForm):
    name = StringField()


@app.route("/form", methods=["GET", "POST"])
def form():
    filled = Name()
    if filled.validate_on_submit():
        session["name"] = filled.name.data
        return f"hello {session['name']}"
    return f"<form>{filled.csrf_token}</form>"


@app.route("/script", methods=["POST"])
def script():
    return "done"


@app.route("/token")
def token():
    return generate_csrf()


@app.route("/forget")
def forget():
    session.clear()
    return "forgotten"
