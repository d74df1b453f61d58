"""A Flask site on a real threaded server, and browsers that visit it with a test's own code as the view."""

from __future__ import annotations

import http.client
import itertools
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from werkzeug.serving import make_server

import databases
from flask_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 120.0


@dataclass
class Answer:
    """What a browser got."""

    status: int
    body: str
    set_cookie: str | None
    vary: str | None


class Site:
    """One app behind one server; each request runs the view that its test registered."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.app = Flask("site")
        self.app.config.update(config)
        if "SESSION_SQLALCHEMY" in config:
            config["SESSION_SQLALCHEMY"].init_app(self.app)
        Session(self.app)
        self.views: dict[str, Callable[[], Any]] = {}
        self.numbers = itertools.count()
        self.app.add_url_rule("/run", view_func=self.run)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        # So that `close` waits for the requests' threads: what they leave behind belongs to this test.
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def run(self) -> str:
        return repr(self.views[request.args["view"]]())

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(LIMIT)
        self.server.server_close()
        databases.close(self.app)

    def browser(self, cookie: str | None = None) -> Browser:
        return Browser(self, cookie)


class Browser:
    """Keeps the session cookie, and sends it with the next request."""

    def __init__(self, site: Site, cookie: str | None) -> None:
        self.site = site
        self.cookie = cookie

    def visit(self, view: Callable[[], Any]) -> Answer:
        """One request whose view is `view`; the answer's body is what it returned, as repr."""
        number = str(next(self.site.numbers))
        self.site.views[number] = view
        connection = http.client.HTTPConnection("127.0.0.1", self.site.server.server_port, timeout=LIMIT)
        try:
            headers = {} if self.cookie is None else {"Cookie": f"session={self.cookie}"}
            connection.request("GET", f"/run?view={number}", headers=headers)
            response = connection.getresponse()
            answer = Answer(
                response.status,
                response.read().decode(),
                response.headers.get("Set-Cookie"),
                response.headers.get("Vary"),
            )
        finally:
            connection.close()
        if answer.set_cookie is not None:
            self.cookie = answer.set_cookie.partition(";")[0].partition("=")[2] or None
        return answer

    @contextmanager
    def slow(self, before: Callable[[], Any], after: Callable[[], Any]) -> Iterator[SlowRequest]:
        """A request that does `before`, stands still while the block runs, then does `after` and answers."""
        slow = SlowRequest(Browser(self.site, self.cookie), before, after)
        slow.begin()
        try:
            yield slow
        finally:
            slow.finish()


class SlowRequest:
    """A request that another one overlaps: by two events, not by waiting for some time."""

    def __init__(self, browser: Browser, before: Callable[[], Any], after: Callable[[], Any]) -> None:
        self.browser = browser
        self.before = before
        self.after = after
        self.arrived = threading.Event()
        self.released = threading.Event()
        self.answered: Answer | None = None
        self.thread = threading.Thread(target=self.send, daemon=True)

    @property
    def answer(self) -> Answer:
        assert self.answered is not None, "the slow request has not been answered"
        return self.answered

    def view(self) -> Any:
        self.before()
        self.arrived.set()
        assert self.released.wait(LIMIT)
        return self.after()

    def send(self) -> None:
        self.answered = self.browser.visit(self.view)

    def begin(self) -> None:
        self.thread.start()
        assert self.arrived.wait(LIMIT), "the slow request never reached its view"

    def finish(self) -> None:
        self.released.set()
        self.thread.join(LIMIT)
        assert not self.thread.is_alive(), "the slow request never ended"
