"""The client object of each backend that a test's app keeps its sessions in, made once in a process."""

import functools
import importlib


def clients(config):
    """Settings that hold objects, for those of `config` that name a place."""
    made = {}
    if "REDIS" in config:
        made["SESSION_REDIS"] = redis_client(config["REDIS"])
    if "MEMCACHED" in config:
        made["SESSION_MEMCACHED"] = memcached_client(config["MEMCACHED_LIBRARY"], config["MEMCACHED"])
    if "MONGODB" in config:
        made["SESSION_MONGODB"] = mongodb_client(config["MONGODB"])
    if "DYNAMODB" in config:
        made["SESSION_DYNAMODB"] = dynamodb_resource(config["DYNAMODB"])
    if "CACHELIB_REDIS" in config:
        made["SESSION_CACHELIB"] = cachelib_cache(*config["CACHELIB_REDIS"])
    if "CACHELIB" in config:
        made["SESSION_CACHELIB"] = importlib.import_module("cachelib").FileSystemCache(config["CACHELIB"])
    return made


@functools.cache
def redis_client(url):
    return importlib.import_module("redis").Redis.from_url(url)


@functools.cache
def memcached_client(library, address):
    """A client that lives as long as the process: some close theirs only with a warning."""
    if library == "pymemcache":
        # Otherwise 0.8.0 doesn't wait until its set has arrived.
        return importlib.import_module("pymemcache").PooledClient(address, default_noreply=False)
    return importlib.import_module(library).Client([address])


@functools.cache
def mongodb_client(url):
    return importlib.import_module("pymongo").MongoClient(url)


@functools.cache
def dynamodb_resource(url):
    return importlib.import_module("boto3").resource(
        "dynamodb",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )


@functools.cache
def cachelib_cache(port, database):
    return importlib.import_module("cachelib").RedisCache("127.0.0.1", port, db=database)


def connect_database(app):
    """Gives the app its Flask-SQLAlchemy object, if it is to keep its sessions in a database."""
    if "SQLALCHEMY_DATABASE_URI" in app.config:
        app.config["SESSION_SQLALCHEMY"] = importlib.import_module("flask_sqlalchemy").SQLAlchemy(app)


def make_tables(app):
    """What 0.4 and 0.5 leave to the application, in these words."""
    with app.app_context():
        app.config["SESSION_SQLALCHEMY"].create_all()


def disconnect_database(app):
    if "sqlalchemy" in app.extensions:
        with app.app_context():
            app.extensions["sqlalchemy"].session.remove()
            app.extensions["sqlalchemy"].engine.dispose()
