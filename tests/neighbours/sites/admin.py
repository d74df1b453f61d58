"""Flask-Admin: a model's pages with its secure forms, whose tokens and messages are in the session."""

import os

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import SecureForm
from flask_sqlalchemy import SQLAlchemy
from serve import configured

from flask_session import Session

app = configured(Flask("admin"))
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ['STORE_FOLDER']}/items.sqlite"
Session(app)
db = SQLAlchemy(app)


class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))


class ItemView(ModelView):
    form_base_class = SecureForm


Admin(app, name="admin").add_view(ItemView(Item, db))
with app.app_context():
    db.create_all()
