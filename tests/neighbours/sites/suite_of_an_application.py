"""An application's own tests, with pytest-flask's fixtures and Flask's test client."""

from urllib.request import Request, urlopen

import pytest
from flask import Flask, session, url_for
from serve import configured

from flask_session import Session


@pytest.fixture(scope="session")
def app():
    app = configured(Flask("suite"))
    app.config["TESTING"] = True
    Session(app)

    @app.route("/cart", methods=["GET", "POST"])
    def cart():
        if "user" not in session:
            return "log in first", 401
        session["visits"] = session.get("visits", 0) + 1
        return {"user": session["user"], "cart": session.setdefault("cart", [])}

    return app


def log_in(client, **more):
    with client.session_transaction() as prepared:
        prepared.update(user="ann", **more)


def test_what_a_transaction_prepares_the_view_sees(client):
    assert client.get("/cart").status_code == 401
    log_in(client, cart=["ink"])
    assert client.get("/cart").json == {"user": "ann", "cart": ["ink"]}


def test_a_transaction_sees_what_the_view_stored_and_may_change_it_inside(client):
    log_in(client)
    client.get("/cart")
    with client.session_transaction() as seen:
        assert (seen["user"], seen["visits"], seen["cart"]) == ("ann", 1, [])
        seen["cart"].append("ink")
        seen.modified = True
    assert client.get("/cart").json["cart"] == ["ink"]


def test_a_transaction_may_log_out(client):
    log_in(client)
    with client.session_transaction() as seen:
        seen.clear()
    assert client.get("/cart").status_code == 401


def test_clients_have_sessions_of_their_own(app, client):
    log_in(client)
    assert app.test_client().get("/cart").status_code == 401


def test_the_session_is_there_while_pytest_flask_keeps_the_context(client):
    log_in(client)
    client.get("/cart")
    assert session["visits"] == 1
    client.get("/cart")
    assert session["visits"] == 2


@pytest.mark.usefixtures("client_class")
class TestClass:
    def test_the_client_of_the_class_has_a_session(self):
        log_in(self.client)
        assert self.client.get(url_for("cart")).json["user"] == "ann"


def test_a_live_server_knows_the_session_that_a_transaction_prepared(client, live_server):
    log_in(client, cart=["pencil"])
    with client.session_transaction() as seen:
        sid = seen.sid
    url = f"http://127.0.0.1:{live_server.port}/cart"
    with urlopen(Request(url, headers={"Cookie": f"session={sid}"}), timeout=60) as answer:
        assert b"pencil" in answer.read()
