"""What becomes of SESSION_MEMCACHED: native connections, the client itself, or a clear error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from unittest import mock

import flask
import libmc
import memcache
import pylibmc
import pytest
from pymemcache import serde
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient

from flask_session import MemcachedSessionInterface, Session, SessionMisconfigured, _core
from flask_session.memcached.clients import Libmc, PlainClient, Pylibmc, Pymemcache, PythonMemcached
from flask_session.memcached.translate import translate
from flask_session.translation import Native, Untranslatable

if TYPE_CHECKING:
    from collections.abc import Callable


def interface(client: Any, **config: Any) -> Any:
    app = flask.Flask("memcached")
    app.config.update(SESSION_TYPE="memcached", SESSION_MEMCACHED=client, **config)
    Session(app)
    return app.session_interface


TRANSLATED: dict[str, tuple[Callable[[], Any], str, dict[str, Any]]] = {
    "python-memcached": (
        lambda: memcache.Client(["h:1"], socket_timeout=2),
        "memcached://h:1",
        {"timeout": 2.0, "connect_timeout": 2.0},
    ),
    "python-memcached, socket": (
        lambda: memcache.Client(["unix:/run/a b"]),
        "memcached+unix:///run/a%20b",
        {"timeout": 3.0, "connect_timeout": 3.0},
    ),
    "python-memcached, ipv6": (
        lambda: memcache.Client(["inet6:[::1]:7"]),
        "memcached://[::1]:7",
        {"timeout": 3.0, "connect_timeout": 3.0},
    ),
    "pymemcache": (
        lambda: Client(("h", 7), timeout=2, connect_timeout=0.5),
        "memcached://h:7",
        {"timeout": 2.0, "connect_timeout": 0.5},
    ),
    "pymemcache, text": (lambda: Client("h"), "memcached://h:11211", {}),
    "pymemcache, socket": (lambda: Client("/run/mc"), "memcached+unix:///run/mc", {}),
    "pymemcache, pickles": (lambda: Client("h", serde=serde.pickle_serde), "memcached://h:11211", {}),
    "pymemcache, pooled": (
        lambda: PooledClient("h:1", max_pool_size=4),
        "memcached://h:1",
        {"pool_size": 4},
    ),
    "pylibmc": (lambda: pylibmc.Client(["h"]), "memcached://h:11211", {"connect_timeout": 4.0}),
    "pylibmc, behaviors": (
        lambda: pylibmc.Client(
            ["127.0.0.1:7"], behaviors={"cas": True, "tcp_nodelay": True, "receive_timeout": 2_000_000}
        ),
        "memcached://127.0.0.1:7",
        {"timeout": 2.0, "connect_timeout": 4.0},
    ),
    "pylibmc, socket": (
        lambda: pylibmc.Client(["/run/mc"]),
        "memcached+unix:///run/mc",
        {"connect_timeout": 4.0},
    ),
}


@pytest.mark.parametrize("name", TRANSLATED)
def test_settings_are_translated(name: str) -> None:
    make, url, options = TRANSLATED[name]
    assert translate(make()) == Native(url, options)


class Subclass(memcache.Client):
    pass


UNTRANSLATABLE: dict[str, Callable[[], Any]] = {
    "a subclass": lambda: Subclass(["h:1"]),
    "a mock": lambda: mock.Mock(spec=memcache.Client),
    "several servers": lambda: memcache.Client(["a:1", "b:1"]),
    "one that empties the server": lambda: memcache.Client(["a:1"], flush_on_reconnect=1),
    "several servers of pylibmc": lambda: pylibmc.Client(["a:1", "b:1"]),
    "the binary protocol": lambda: pylibmc.Client(["a:1"], binary=True),
    "a hash client": lambda: HashClient(["a:1"]),
    "a prefix": lambda: Client("a:1", key_prefix="p"),
    "compression": lambda: Client("a:1", serde=serde.compressed_serde),
    "a serializer": lambda: Client("a:1", serializer=lambda key, value: (value, 1)),
    "one that hides errors": lambda: Client("a:1", ignore_exc=True),
    "other sockets": lambda: Client("a:1", socket_module=mock.Mock()),
    "libmc, which hides its settings": lambda: libmc.Client(["a:1"]),
}


@pytest.mark.parametrize("name", UNTRANSLATABLE)
def test_what_is_not_understood_completely_is_not_translated(name: str) -> None:
    assert isinstance(translate(UNTRANSLATABLE[name]()), Untranslatable)


def test_a_client_with_a_replaced_function_is_not_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    client = memcache.Client(["h:1"])
    client.get = lambda key: None
    assert isinstance(translate(client), Untranslatable)
    for kind, made in (
        (memcache.Client, memcache.Client(["h:1"])),
        (Client, Client("h:1")),
        (pylibmc.Client, pylibmc.Client(["h:1"])),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(kind, "set", lambda *args, **options: None)
            assert isinstance(translate(made), Untranslatable)
        assert isinstance(translate(made), Native)


def test_a_plain_client_becomes_native_connections_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "flask_session"):
        found = interface(memcache.Client(["127.0.0.1:1"]))
        for _ in range(3):
            assert isinstance(found._current_store(), _core.Store)
    (line,) = caplog.records
    assert "native" in line.getMessage()


@pytest.mark.parametrize(
    ("client", "kind"),
    [
        (memcache.Client(["h:1"]), PythonMemcached),
        (Subclass(["h:1"]), PythonMemcached),
        (pylibmc.Client(["h:1"]), Pylibmc),
        (Client("h:1"), Pymemcache),
        (PooledClient("h:1"), Pymemcache),
        (HashClient(["h:1"]), Pymemcache),
        (libmc.Client(["h:1"]), Libmc),
        (mock.Mock(spec=memcache.Client), PlainClient),
    ],
)
def test_without_native_the_client_is_always_driven_itself(client: Any, kind: type) -> None:
    found = interface(client, SESSION_NATIVE=False)
    assert type(found._current_store()) is kind
    assert found.client is client


@pytest.mark.parametrize(
    "servers",
    [
        "memcached://h:1",
        "h:1",
        ["h:1"],
        [("h", 1)],
        ["memcached://h:1"],
        ["/run/mc"],
        "unix:/run/mc",
        ["[::1]:7"],
    ],
)
def test_one_server_needs_no_client_but_has_one_for_whoever_asks(servers: Any) -> None:
    found = interface(servers)
    assert isinstance(found._current_store(), _core.Store)
    assert callable(found.client.get)
    assert found.client is found.client


def test_of_several_servers_the_client_chooses() -> None:
    found = interface(["127.0.0.1:1", "127.0.0.1:2"])
    assert found._current_store().client is found.client
    assert found.guarantee == "merge"


def test_nothing_given_means_localhost_with_flask_sessions_warning() -> None:
    with pytest.warns(RuntimeWarning, match="No valid memcache.Client instance provided, attempting to"):
        found = interface(None)
    assert isinstance(found._current_store(), _core.Store)


@pytest.mark.parametrize(
    "client", [5, object(), memcache.Client, {"get": 1}, [], "redis://h", ["h:port"], [5], b"h:1"]
)
def test_what_is_no_client_is_an_error_that_names_the_key(client: Any) -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_MEMCACHED"):
        interface(client)
    with pytest.raises(SessionMisconfigured, match="SESSION_MEMCACHED"):
        MemcachedSessionInterface(None, client=client)


def test_the_client_may_be_swapped_while_the_application_runs() -> None:
    found = interface(Client("h:1"))
    first = found._current_store()
    assert found._current_store() is first
    found.client = HashClient(["h:2"])
    assert found._current_store().client is found.client


def test_a_mock_gets_exactly_flask_sessions_calls() -> None:
    client = mock.Mock(spec=["get", "set", "delete"])
    found = interface(client, PERMANENT_SESSION_LIFETIME=1000)
    app = found.app
    app.add_url_rule("/put", view_func=lambda: flask.session.update(a=1) or "", endpoint="put")
    app.add_url_rule("/get", view_func=lambda: str(flask.session.get("a")), endpoint="get")
    app.add_url_rule("/clear", view_func=lambda: flask.session.clear() or "", endpoint="clear")
    browser = app.test_client()
    browser.get("/put")
    key, payload, _ = client.set.call_args.args
    assert client.mock_calls == [mock.call.set(key, payload, 1000)]
    client.reset_mock()
    client.get.return_value = payload
    assert browser.get("/get").text == "1"
    assert client.mock_calls == [mock.call.get(key), mock.call.set(key, payload, 1000)]
    client.reset_mock()
    browser.get("/clear")
    assert client.mock_calls == [mock.call.get(key), mock.call.delete(key)]
    assert found.guarantee == "overwrite"


def test_a_name_for_everything_is_where_flask_session_had_it() -> None:
    from flask_session import sessions
    from flask_session.memcached import MemcachedSession
    from flask_session.memcached.memcached import MemcachedSessionInterface as Same

    assert sessions.MemcachedSessionInterface is Same is MemcachedSessionInterface
    assert MemcachedSessionInterface.session_class is MemcachedSession
    client = Client("h:1")
    older = MemcachedSessionInterface(client, "p:", True, False, 16)
    newer = MemcachedSessionInterface(flask.Flask("newer"), client, "p:", True, False, 16, "json")
    for made in (older, newer):
        assert made.client is client
        assert (made.key_prefix, made.use_signer, made.permanent, made.sid_length) == ("p:", True, False, 16)
