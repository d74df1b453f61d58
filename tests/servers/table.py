"""Which servers are tried on which stores: all of ALL by `make verify`, those in SHORT by `make test`."""

from __future__ import annotations

GUNICORN = (
    "{python} -m gunicorn --bind 127.0.0.1:{port} --workers 2 --worker-tmp-dir {folder} --no-control-socket "
    "{options}"
)
UWSGI = (
    "{bin}/uwsgi --http-socket 127.0.0.1:{port} --master --processes 2 --need-app --die-on-term "
    "--disable-logging {options} --module counting_app:app"
)
FRONT = "{python} front.py {options} {port}"


def gunicorn(options: str) -> str:
    return GUNICORN.replace("{options}", f"{options} counting_app:app")


def uwsgi(options: str = "") -> str:
    return UWSGI.replace("{options}", options)


SERVERS = {
    "gunicorn_sync": gunicorn("--worker-class sync"),
    "gunicorn_gthread": gunicorn("--worker-class gthread --threads 4"),
    "gunicorn_gevent": gunicorn("--worker-class gevent"),
    "gunicorn_preload": gunicorn("--preload --worker-class gthread --threads 4"),
    "gunicorn_preload_gevent": gunicorn("--preload --worker-class gevent"),
    "gunicorn_max_requests": gunicorn("--preload --max-requests 20 --max-requests-jitter 5"),
    "uwsgi_prefork": uwsgi(),
    "uwsgi_prefork_threads": uwsgi("--enable-threads --threads 4"),
    "uwsgi_lazy": uwsgi("--lazy-apps"),
    "uwsgi_lazy_threads": uwsgi("--lazy-apps --enable-threads --threads 4"),
    "waitress": "{bin}/waitress-serve --listen=127.0.0.1:{port} --threads=8 counting_app:app",
    "flask": "{bin}/flask --app counting_app run --port {port}",
    "multiprocessing_fork": FRONT.replace("{options}", "fork"),
    "multiprocessing_spawn": FRONT.replace("{options}", "spawn"),
    "celery": FRONT.replace("{options}", "celery"),
}
"""How each is started. None has py-call-osafterfork, and each has used its sessions before it forks."""

WORKERS = {"waitress": 1, "flask": 1, "gunicorn_max_requests": 4}
"""Processes that must have answered; of the others, two."""

NATIVE = ("files", "redis", "cluster", "sentinel", "memcached", "mongodb", "postgresql", "mysql", "sqlite")
FOREIGN = (
    *("redis_py", "redis_py_cluster", "redis_py_sentinel", "pymemcache", "pylibmc", "python_memcached"),
    *("pymongo", "psycopg2_pool", "sqlalchemy_postgresql", "sqlalchemy_mariadb", "sqlalchemy_sqlite"),
    *("boto3", "cachelib"),
)
STORES = NATIVE + FOREIGN

WITHOUT = {
    # Its client waits for threads of its own, which uWSGI doesn't let run; PyMongo's documentation says so.
    ("uwsgi_prefork", "pymongo"),
    ("uwsgi_lazy", "pymongo"),
    # gevent 26.9 can't patch a process that has used PyMongo: it stumbles over a dead weak reference.
    ("gunicorn_preload_gevent", "pymongo"),
}

ALL = [(server, store) for server in SERVERS for store in STORES if (server, store) not in WITHOUT]

# Each server and each store at least once; who forks behind Python's back, on what has threads or sockets.
SHORT = [
    ("gunicorn_sync", "cachelib"),
    ("gunicorn_gthread", "sqlalchemy_sqlite"),
    ("gunicorn_gevent", "postgresql"),
    ("gunicorn_gevent", "redis_py_sentinel"),
    ("gunicorn_preload", "pymemcache"),
    ("gunicorn_preload", "sentinel"),
    ("gunicorn_preload_gevent", "files"),
    ("gunicorn_preload_gevent", "python_memcached"),
    ("gunicorn_max_requests", "mysql"),
    ("gunicorn_max_requests", "pymongo"),
    ("gunicorn_max_requests", "psycopg2_pool"),
    ("uwsgi_prefork", "redis"),
    ("uwsgi_prefork", "mongodb"),
    ("uwsgi_prefork", "sqlalchemy_postgresql"),
    ("uwsgi_prefork_threads", "boto3"),
    ("uwsgi_prefork_threads", "pylibmc"),
    ("uwsgi_lazy", "sqlalchemy_mariadb"),
    ("uwsgi_lazy_threads", "memcached"),
    ("waitress", "redis_py"),
    ("flask", "sqlite"),
    ("multiprocessing_fork", "cluster"),
    ("multiprocessing_spawn", "redis"),
    ("celery", "redis_py_cluster"),
]
