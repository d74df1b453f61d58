"""One side of a measurement, in a process of its own: runs requests through its session interface.

Runs in the benchmarks' environment with Flask-Session 0.8.0 or with ours in PYTHONPATH, and imports nothing
else of this project. Its tasks, see tasks.py:

    {"open": NAME, "config": {...}, "client": [KIND, URL]}       an application
    {"fill": NAME, "sessions": N}                                that many visitors who won't come back
    {"round": NAME, "case": CASE, "size": BYTES, "seconds": S, "threads": N}     a measurement

What is timed is what a request costs more because of its session: opening it, using it, saving it. Making the
request and the response, and what the application context does at its end, are not. "load and save" is no
request: what the session interface asks of store and codec for one that changes a key, on Redis only.
"""

from __future__ import annotations

import gc
import itertools
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from flask import Flask
from payloads import SMALL
from payloads import session as payload
from storing import steps_of
from tasks import answer, move
from werkzeug.test import EnvironBuilder

from flask_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTER = itertools.count(1)


def client_of(kind: str, url: str) -> tuple[str, Any]:
    """The setting and the object that an application puts there."""
    if kind == "redis":
        import redis

        return "SESSION_REDIS", redis.Redis.from_url(url)
    if kind == "pymemcache":
        import pymemcache

        # Its `set` doesn't wait for an answer. Without no_delay the next request's `get`, which follows here
        # at once, would wait 40 ms until the kernel sends it: nobody's visitors follow so closely.
        client = pymemcache.PooledClient(url.removeprefix("memcached://"), no_delay=True)
        return "SESSION_MEMCACHED", client
    if kind == "pylibmc":
        import pylibmc

        return "SESSION_MEMCACHED", pylibmc.Client([url.removeprefix("memcached://")])
    if kind == "mongodb":
        import pymongo

        return "SESSION_MONGODB", pymongo.MongoClient(url)
    if kind == "sqlalchemy":
        from flask_sqlalchemy import SQLAlchemy

        return "SESSION_SQLALCHEMY", SQLAlchemy()
    raise ValueError(kind)


class Site:
    """An application and the cookies of its visitors."""

    def __init__(self, config: dict[str, Any], client: list[str] | None) -> None:
        self.app = Flask("site")
        self.app.config.update(SECRET_KEY="of the benchmark", **config)
        if client is not None:
            kind, url = client
            name, value = client_of(kind, url)
            self.app.config[name] = value
            if kind == "sqlalchemy":
                self.app.config["SQLALCHEMY_DATABASE_URI"] = url
                value.init_app(self.app)
        Session(self.app)
        self.interface: Any = self.app.session_interface
        self.cookies: dict[tuple[str, int, int], str] = {}

    def request(self, use: Callable[[Any], Any], environ: dict[str, Any]) -> tuple[int, Any]:
        """Nanoseconds, and the response."""
        request = self.app.request_class(dict(environ))
        response = self.app.response_class("x")
        with self.app.app_context():
            begin = time.perf_counter_ns()
            session = self.interface.open_session(self.app, request)
            use(session)
            self.interface.save_session(self.app, session, response)
            end = time.perf_counter_ns()
        return end - begin, response

    def cookie(self, case: str, size: int, thread: int) -> str:
        """A visitor with a session of `size` bytes; one for each thread and case."""
        if (case, size, thread) not in self.cookies:
            _, response = self.request(lambda session: session.update(payload(size)), environ_of(None))
            self.cookies[case, size, thread] = response.headers["Set-Cookie"].partition(";")[0]
        return self.cookies[case, size, thread]

    def key(self, case: str, size: int, thread: int) -> str:
        """Where that visitor's session lies."""
        return f"{self.interface.key_prefix}{self.cookie(case, size, thread).partition('=')[2]}"

    def operation(self, case: str, size: int, thread: int) -> Callable[[], int]:
        """What one measurement of `case` does: nanoseconds."""
        if case == "load and save":
            steps = steps_of(self.interface, self.key(case, size, thread), (change, ["visits"]))
            return timed(steps.load, steps.code, steps.save)
        use, cookie = USES.get(case), None
        if use is None:
            content = payload(size)

            def use(session: Any) -> None:
                session.update(content)
        elif case != "nobody":
            cookie = self.cookie(case, size, thread)
        environ = environ_of(cookie)
        return lambda: self.request(use, environ)[0]


def timed(*calls: Callable[[], None]) -> Callable[[], int]:
    """One after the other: nanoseconds."""

    def measured() -> int:
        begin = time.perf_counter_ns()
        for call in calls:
            call()
        return time.perf_counter_ns() - begin

    return measured


def environ_of(cookie: str | None) -> dict[str, Any]:
    return EnvironBuilder(headers={"Cookie": cookie} if cookie else {}).get_environ()


def use_none(session: Any) -> None:
    """A page that has nothing to do with the visitor, or a static file."""


def use_one(session: Any) -> None:
    assert session["_user_id"] == "42"


def use_all(session: Any) -> None:
    assert sum(len(value) for value in session.values() if isinstance(value, dict)) > 0


def change(session: Any) -> None:
    session["visits"] = next(COUNTER)


USES: dict[str, Callable[[Any], None]] = {
    "nobody": use_none,
    "untouched": use_none,
    "read": use_one,
    "read all": use_all,
    "modify": change,
}


def measured(site: Site, task: dict[str, Any]) -> dict[str, float]:
    """Median and 99th percentile of a request in microseconds, and requests per second of all threads."""
    threads = task.get("threads", 1)
    operations = [site.operation(task["case"], task["size"], thread) for thread in range(threads)]
    times: list[list[int]] = [[] for _ in operations]
    ready = threading.Barrier(threads + 1)

    def work(operation: Callable[[], int], taken: list[int]) -> None:
        try:
            if threads == 1:
                move(task)
            for _ in range(3):
                operation()
        finally:
            # Also after a failure, which would else never be told.
            ready.wait()
        end = time.perf_counter() + task["seconds"]
        # At least a few, however slow.
        while time.perf_counter() < end or len(taken) < 5:
            taken.append(operation())

    gc.collect()
    with ThreadPoolExecutor(threads) as pool:
        workers = [pool.submit(work, *pair) for pair in zip(operations, times, strict=True)]
        ready.wait()
        begin = time.perf_counter()
        for worker in workers:
            worker.result()
        seconds = time.perf_counter() - begin
    all_times = sorted(itertools.chain(*times))
    return {
        "median": statistics.median(all_times) / 1e3,
        "p99": all_times[int(len(all_times) * 0.99)] / 1e3,
        "per_second": len(all_times) / seconds,
    }


def filled(site: Site, task: dict[str, Any]) -> dict[str, float]:
    new = site.operation("new", SMALL, 0)
    return {"filled": sum(new() > 0 for _ in range(task["sessions"]))}


if __name__ == "__main__":
    answer(lambda task: Site(task["config"], task["client"]), {"fill": filled, "round": measured})
