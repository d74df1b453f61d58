"""Several applications on one host: browsers send cookies by host and path, never by port or application."""

from __future__ import annotations

import threading
import urllib.request
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, session
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from flask_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis_server import RedisServer


@pytest.fixture
def store(redis_server: RedisServer) -> dict[str, Any]:
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_server.client()}


def application(name: str, **config: Any) -> Flask:
    app = Flask(name)
    app.config.update(config)
    Session(app)

    @app.route("/put/<value>")
    def put(value: str) -> str:
        session["value"] = value
        return ""

    @app.route("/see")
    def see() -> str:
        return str(session.get("value"))

    @app.route("/leave")
    def leave() -> str:
        session.clear()
        return ""

    return app


@pytest.fixture
def serve() -> Iterator[Callable[..., Callable[[str], str]]]:
    """Serves the applications, the first at `/`, the others at `/<name>`; returns one browser's visits."""
    servers = []

    def served(first: Flask, *others: Flask) -> Callable[[str], str]:
        mounted = DispatcherMiddleware(first, {f"/{app.name}": app for app in others})
        server = make_server("127.0.0.1", 0, mounted, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        servers.append((server, thread))
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

        def visit(path: str) -> str:
            with opener.open(f"http://127.0.0.1:{server.server_port}{path}", timeout=30) as answer:
                return answer.read().decode()

        return visit

    yield served
    for server, thread in servers:
        server.shutdown()
        thread.join(30)
        server.server_close()


def keep_apart(visit: Callable[[str], str]) -> None:
    visit("/put/main")
    visit("/shop/put/shop")
    for _ in range(2):
        assert (visit("/see"), visit("/shop/see")) == ("main", "shop")
    visit("/shop/leave")
    assert (visit("/see"), visit("/shop/see")) == ("main", "None")
    visit("/shop/put/again")
    visit("/leave")
    assert (visit("/see"), visit("/shop/see")) == ("None", "again")


def test_two_names_are_two_sessions(
    serve: Callable[..., Callable[[str], str]], store: dict[str, Any]
) -> None:
    keep_apart(serve(application("main", **store), application("shop", SESSION_COOKIE_NAME="shop", **store)))


def test_two_paths_are_two_sessions_although_the_browser_sends_both_cookies(
    serve: Callable[..., Callable[[str], str]], store: dict[str, Any]
) -> None:
    shop = application("shop", SESSION_COOKIE_PATH="/shop", SESSION_KEY_PREFIX="shop:", **store)
    keep_apart(serve(application("main", **store), shop))


def test_a_cookie_of_another_application_is_replaced_where_name_and_path_are_one(
    serve: Callable[..., Callable[[str], str]], store: dict[str, Any]
) -> None:
    visit = serve(application("main", **store), application("shop", SESSION_KEY_PREFIX="shop:", **store))
    visit("/put/main")
    assert visit("/shop/see") == "None"
    assert visit("/see") == "main", "a look at the other application changes nothing"
    visit("/shop/put/shop")
    assert (visit("/see"), visit("/shop/see")) == ("None", "shop")


def test_applications_with_one_name_one_prefix_and_one_store_share_the_session(
    serve: Callable[..., Callable[[str], str]], store: dict[str, Any]
) -> None:
    visit = serve(application("main", **store), application("shop", **store))
    visit("/put/one")
    assert visit("/shop/see") == "one"
    visit("/shop/leave")
    assert visit("/see") == "None"
