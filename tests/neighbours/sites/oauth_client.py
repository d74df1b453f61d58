"""Authlib's Flask client: logs in at the provider whose address is in PROVIDER."""

import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, session, url_for
from serve import configured

from flask_session import Session

app = configured(Flask("oauth_client"))
Session(app)
oauth = OAuth(app)
oauth.register(
    "provider",
    client_id="site",
    client_secret="secret of the site",
    server_metadata_url=f"{os.environ['PROVIDER']}/tenant/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
)


@app.route("/login")
def log_in():
    return oauth.provider.authorize_redirect(url_for("authorized", _external=True))


@app.route("/authorized")
def authorized():
    token = oauth.provider.authorize_access_token()
    session["user"] = token["userinfo"]
    return "welcome"


@app.route("/account")
def account():
    return session["user"]["name"] if "user" in session else ("nobody", 401)


@app.route("/logout")
def log_out():
    session.pop("user", None)
    return "goodbye"
