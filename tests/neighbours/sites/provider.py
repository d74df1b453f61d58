"""An OpenID Connect provider made of Authlib's server part, with a session of its own on the same host."""

import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, request, session
from joserfc.jwk import RSAKey
from serve import configured

from flask_session import Session

app = configured(Flask("provider"))
app.config.update(SESSION_COOKIE_NAME="provider", SESSION_KEY_PREFIX="provider:")
Session(app)
KEY = RSAKey.generate_key(2048, {"kid": "of-the-tests", "alg": "RS256", "use": "sig"})
CODES = {}


class Client(ClientMixin):
    client_id, client_secret = "site", "secret of the site"

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri.startswith("http://127.0.0.1:")

    def check_client_secret(self, client_secret):
        return client_secret == self.client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_post", "client_secret_basic")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):
    def __init__(self, user, payload):
        self.user, self.scope, self.redirect_uri = user, payload.scope, payload.redirect_uri
        self.nonce = payload.data.get("nonce")
        self.code_challenge = payload.data.get("code_challenge")
        self.code_challenge_method = payload.data.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(time.time())

    def get_acr(self):
        return None

    def get_amr(self):
        return None


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post", "client_secret_basic")

    def save_authorization_code(self, code, request):
        CODES[code] = Code(request.user, request.payload)

    def query_authorization_code(self, code, client):
        return CODES.get(code)

    def delete_authorization_code(self, authorization_code):
        CODES.clear()

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class Identity(OpenIDCode):
    def exists_nonce(self, nonce, request):
        return False

    def get_jwt_config(self, grant):
        return {"key": KEY, "alg": "RS256", "iss": issuer(), "exp": 3600}

    def resolve_client_private_key(self, client):
        return KEY

    def get_client_algorithm(self, client):
        return "RS256"

    def get_client_claims(self, client):
        return {"iss": issuer()}

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user, name=user, preferred_username=user)


server = AuthorizationServer(app, query_client=lambda _id: Client(), save_token=lambda token, request: None)
server.register_grant(CodeGrant, [CodeChallenge(required=False), Identity()])


def issuer():
    return f"{request.host_url}tenant"


@app.route("/tenant/.well-known/openid-configuration")
def configuration():
    return {
        "issuer": issuer(),
        "authorization_endpoint": f"{issuer()}/authorize",
        "token_endpoint": f"{issuer()}/token",
        "jwks_uri": f"{issuer()}/keys",
        "end_session_endpoint": f"{issuer()}/logout",
    }


@app.route("/tenant/keys")
def keys():
    return jsonify(keys=[KEY.as_dict(private=False)])


@app.route("/tenant/login", methods=["POST"])
def log_in():
    session["user"] = request.form["user"]
    return "welcome"


@app.route("/tenant/authorize")
def authorize():
    if "user" not in session:
        return "log in first", 401
    grant = server.get_consent_grant(end_user=session["user"])
    return server.create_authorization_response(grant=grant, grant_user=session["user"])


@app.route("/tenant/token", methods=["POST"])
def token():
    return server.create_token_response()


@app.route("/tenant/logout")
def log_out():
    session.clear()
    return "goodbye"
