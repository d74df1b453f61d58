"""Flask-Login: members log in, are remembered, must be fresh for what matters, and log out."""

from flask import Flask, get_flashed_messages, request, session
from flask_login import (
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_fresh,
    login_required,
    login_user,
    logout_user,
)
from serve import configured

from flask_session import Session

app = configured(Flask("login"))
Session(app)
members = LoginManager(app)
members.login_view = "log_in"
members.refresh_view = "confirm"


class Member(UserMixin):
    def __init__(self, name):
        self.id = name


@members.user_loader
def load(name):
    return Member(name)


@app.route("/login", methods=["GET", "POST"])
def log_in():
    if request.method == "GET":
        return " ".join(get_flashed_messages())
    if "renew" in request.form:
        app.session_interface.regenerate(session)
    login_user(Member(request.form["name"]), remember="remember" in request.form)
    return "welcome"


@app.route("/account")
@login_required
def account():
    return f"{current_user.id} {'fresh' if login_fresh() else 'stale'}"


@app.route("/password")
@fresh_login_required
def password():
    return "may be changed"


@app.route("/confirm", methods=["GET", "POST"])
def confirm():
    if request.method == "GET":
        return " ".join(get_flashed_messages())
    confirm_login()
    return "confirmed"


@app.route("/cart", methods=["POST"])
def cart():
    session.setdefault("cart", []).append(request.form["item"])
    return {"cart": session["cart"]}


@app.route("/logout", methods=["POST"])
def log_out():
    logout_user()
    return "goodbye"


@app.route("/public")
def public():
    return "hello"
