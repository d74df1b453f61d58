"""The client object of each backend that a test's app keeps its sessions in, made once in a process."""

import functools
import importlib


def clients(config):
    """Settings that hold objects, for those of `config` that name a place."""
    return {"SESSION_REDIS": redis_client(config["REDIS"])} if "REDIS" in config else {}


@functools.cache
def redis_client(url):
    return importlib.import_module("redis").Redis.from_url(url)


def connect_database(app):
    """Gives the app its Flask-SQLAlchemy object, if it is to keep its sessions in a database."""
    if "SQLALCHEMY_DATABASE_URI" in app.config:
        app.config["SESSION_SQLALCHEMY"] = importlib.import_module("flask_sqlalchemy").SQLAlchemy(app)
