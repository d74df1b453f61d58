"""Threads of one process: each with its own session, or several that share the session of one request."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from flask import Flask, copy_current_request_context, session

from flask_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 8
ROUNDS = 50


def make_app(settings: dict[str, Any], **views: Callable[..., Any]) -> Flask:
    app = Flask("threads")
    app.config.update(settings)
    Session(app)
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app


def in_threads_of_this_request(work: Callable[[int], Any]) -> list[Any]:
    """What `work` gives in each of the threads, which share the request that is being answered."""
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(copy_current_request_context(work), number) for number in range(THREADS)]
        return [future.result() for future in futures]


def test_eight_threads_see_only_their_own_sessions(settings: dict[str, Any]) -> None:
    def count() -> str:
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    def name() -> str:
        return str(session.setdefault("name", threading.current_thread().name))

    app = make_app(settings, count=count, name=name)

    def use(_: int) -> None:
        client = app.test_client()
        own = client.get("/name").text
        for number in range(1, ROUNDS + 1):
            assert client.get("/count").text == str(number)
        assert client.get("/name").text == own

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(use, range(THREADS)))


def test_threads_that_share_a_request_share_its_session(settings: dict[str, Any]) -> None:
    together = threading.Barrier(THREADS)

    def fill() -> str:
        session["shared"] = {"user": "ann"}
        return "ok"

    def share() -> str:
        def work(number: int) -> str:
            together.wait(120)
            seen = str(session["shared"]["user"])
            session[f"thread-{number}"] = number
            return seen

        return " ".join(in_threads_of_this_request(work))

    def see() -> list[str]:
        return sorted(key for key in session if key.startswith("thread-"))

    client = make_app(settings, fill=fill, share=share, see=see).test_client()
    client.get("/fill")
    assert client.get("/share").text == " ".join(["ann"] * THREADS)
    assert client.get("/see").json == [f"thread-{number}" for number in range(THREADS)]


def test_a_large_value_is_whole_for_every_thread_that_touches_it_first(settings: dict[str, Any]) -> None:
    together = threading.Barrier(THREADS)

    def fill() -> str:
        session["large"] = list(range(2000))
        return "ok"

    def share() -> str:
        def work(_: int) -> int:
            together.wait(120)
            return id(session["large"]) if session["large"] == list(range(2000)) else 0

        seen = set(in_threads_of_this_request(work))
        return str(len(seen) == 1 and 0 not in seen)

    client = make_app(settings, fill=fill, share=share).test_client()
    client.get("/fill")
    assert client.get("/share").text == "True"
