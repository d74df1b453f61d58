"""`identity`, which logs in at Microsoft's, here at the provider in PROVIDER, and calls Session itself."""

import os

from flask import Flask
from identity.flask import Auth
from serve import configured

app = configured(Flask("microsoft"))
auth = Auth(
    app,
    oidc_authority=f"{os.environ['PROVIDER']}/tenant",
    client_id="site",
    client_credential="secret of the site",
    redirect_uri=f"http://127.0.0.1:{os.environ['PORT']}/authorized",
)


@app.route("/")
@auth.login_required
def account(*, context):
    return context["user"]["preferred_username"]
