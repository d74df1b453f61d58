"""Flask-Security: accounts in SQLite, the log-in page with its CSRF token, freshness, log-out."""

import os

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, current_user, hash_password
from flask_security.models import fsqla_v3
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from serve import configured

from flask_session import Session

app = configured(Flask("security"))
app.config.update(
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['STORE_FOLDER']}/accounts.sqlite",
    SECURITY_PASSWORD_SALT="of the tests",
    SECURITY_PASSWORD_HASH="plaintext",
    SECURITY_PASSWORD_SINGLE_HASH=["plaintext"],
    SECURITY_CHANGEABLE=True,
    SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
    SECURITY_CSRF_COOKIE_NAME="XSRF-TOKEN",
    WTF_CSRF_CHECK_DEFAULT=False,
)
Session(app)
CSRFProtect(app)
db = SQLAlchemy(app)
fsqla_v3.FsModels.set_db_info(db)


class Role(db.Model, fsqla_v3.FsRoleMixin):
    pass


class User(db.Model, fsqla_v3.FsUserMixin):
    pass


users = SQLAlchemyUserDatastore(db, User, Role)
Security(app, users)
with app.app_context():
    db.create_all()
    users.create_user(email="ann@example.com", password=hash_password("open sesame"))
    db.session.commit()


@app.route("/account")
@auth_required("session")
def account():
    return current_user.email


@app.route("/important")
@auth_required("session", within=60, grace=0)
def important():
    return "done"
