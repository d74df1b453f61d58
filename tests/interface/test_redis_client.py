"""What becomes of the object in SESSION_REDIS: native connections, the client itself, or a clear error."""

from __future__ import annotations

import logging
import ssl
from inspect import signature
from typing import TYPE_CHECKING, Any
from unittest import mock

import flask
import pytest
import redis
from werkzeug.local import LocalProxy

from flask_session import RedisSessionInterface, Session, SessionMisconfigured, _core
from flask_session.foreign import PlainStore, RedisStyleStore
from flask_session.redis.translate import Native, Untranslatable, translate
from redis_server import RedisServer

if TYPE_CHECKING:
    pass


def interface(client: Any, **config: Any) -> Any:
    app = flask.Flask("redis")
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=client, **config)
    Session(app)
    return app.session_interface


# Up to redis-py 5 it was False.
CHECKS_HOST_NAMES = signature(redis.SSLConnection).parameters["ssl_check_hostname"].default
TRANSLATED = {
    "nothing": ({}, "redis://localhost:6379/0", {}),
    "port as text": ({"host": "h", "port": "6380", "db": "2"}, "redis://h:6380/2", {}),
    "ipv6": ({"host": "::1"}, "redis://[::1]:6379/0", {}),
    "user": (
        {"username": "u", "password": "p@/:", "client_name": "site"},
        "redis://localhost:6379/0",
        {"username": "u", "password": "p@/:", "client_name": "site"},
    ),
    "limits": (
        {"socket_timeout": 2, "socket_connect_timeout": 0.5, "max_connections": 3},
        "redis://localhost:6379/0",
        {"timeout": 2.0, "connect_timeout": 0.5, "pool_size": 3},
    ),
    "a password in bytes": ({"password": b"p\xc3\xa9"}, "redis://localhost:6379/0", {"password": "pé"}),
    "irrelevant": (
        {"decode_responses": True, "health_check_interval": 30},
        "redis://localhost:6379/0",
        {},
    ),
    "unix socket": (
        {"unix_socket_path": "/run/my redis.sock", "db": 3},
        "unix:///run/my%20redis.sock?db=3",
        {},
    ),
    "tls": (
        {"ssl": True, "ssl_ca_certs": "/ca", "ssl_certfile": "/cert", "ssl_keyfile": "/key"},
        "rediss://localhost:6379/0",
        {
            "verify": True,
            "verify_hostname": CHECKS_HOST_NAMES,
            "ca_file": "/ca",
            "cert_file": "/cert",
            "key_file": "/key",
        },
    ),
    "tls unverified": (
        {"ssl": True, "ssl_cert_reqs": ssl.CERT_NONE, "ssl_check_hostname": False},
        "rediss://localhost:6379/0",
        {"verify": False, "verify_hostname": False},
    ),
}


@pytest.mark.parametrize("name", TRANSLATED)
def test_settings_are_translated(name: str) -> None:
    settings, url, options = TRANSLATED[name]
    found = translate(redis.Redis(**settings))
    assert isinstance(found, Native)
    assert found.url == url
    for default in ("timeout", "connect_timeout", "pool_size"):
        if default not in options:
            found.options.pop(default, None)
    assert found.options == options


def test_a_client_made_from_a_url_is_translated() -> None:
    found = translate(redis.from_url("redis://u:p@h:1/2?socket_timeout=3"))
    assert isinstance(found, Native)
    assert found.url == "redis://h:1/2"
    assert found.options["username"] == "u"
    assert found.options["timeout"] == 3.0
    assert "p" not in repr(found).replace("options", "").split("url=")[1].split("'")[2]


def test_a_client_made_from_a_url_checks_the_host_name_where_its_redis_py_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def checks(url: str) -> Any:
        found = translate(redis.from_url(url))
        assert isinstance(found, Native)
        return found.options["verify_hostname"]

    assert checks("rediss://h") is CHECKS_HOST_NAMES
    assert not checks("rediss://h?ssl_check_hostname=False")
    connect = redis.SSLConnection.__init__
    names = [name for name, one in signature(connect).parameters.items() if one.default is not one.empty]
    assert connect.__defaults__ is not None
    defaults = [
        False if name == "ssl_check_hostname" else default
        for name, default in zip(names, connect.__defaults__, strict=False)
    ]
    monkeypatch.setattr(connect, "__defaults__", tuple(defaults))
    assert not checks("rediss://h")
    assert checks("rediss://h?ssl_check_hostname=True")


class Subclass(redis.Redis):
    pass


class OwnConnection(redis.Connection):
    pass


def bound_to_one_connection() -> redis.Redis:
    client = redis.Redis()
    client.connection = redis.Connection()
    return client


UNTRANSLATABLE = {
    "a subclass": lambda: Subclass(),
    "a mock": lambda: mock.Mock(spec=redis.Redis),
    "a blocking pool": lambda: redis.Redis(connection_pool=redis.BlockingConnectionPool()),
    "an own connection class": lambda: redis.Redis(connection_pool=redis.ConnectionPool(OwnConnection)),
    "one connection": lambda: bound_to_one_connection(),
    "credentials": lambda: redis.Redis(
        credential_provider=redis.UsernamePasswordCredentialProvider("u", "p")
    ),
    "a password that is no text": lambda: redis.Redis(password=b"p\xe9"),
    "a connect function": lambda: redis.Redis(redis_connect_func=lambda connection: None),
    "a version of TLS": lambda: redis.Redis(
        connection_pool=redis.ConnectionPool(redis.SSLConnection, ssl_min_version=ssl.TLSVersion.TLSv1_3)
    ),
    "another encoding": lambda: redis.Redis(encoding="latin-1"),
    "an unknown setting": lambda: redis.Redis(connection_pool=redis.ConnectionPool(flavour="sweet")),
}


@pytest.mark.parametrize("name", UNTRANSLATABLE)
def test_what_is_not_understood_completely_is_not_translated(name: str) -> None:
    assert isinstance(translate(UNTRANSLATABLE[name]()), Untranslatable)


def test_a_client_with_a_replaced_function_is_not_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    client = redis.Redis()
    client.get = lambda name: None  # type: ignore[method-assign]
    assert isinstance(translate(client), Untranslatable)
    for kind, name in (
        (redis.Redis, "execute_command"),
        (redis.Redis, "set"),
        (redis.Connection, "read_response"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(kind, name, lambda *args, **options: None)
            assert isinstance(translate(redis.Redis()), Untranslatable)
    assert isinstance(translate(redis.Redis()), Native)


def test_a_plain_client_becomes_native_connections_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "flask_session"):
        found = interface(redis.Redis(password="secret"))
        for _ in range(3):
            assert isinstance(found._current_store(), _core.Store)
    (line,) = caplog.records
    assert "native" in line.getMessage()
    assert "secret" not in line.getMessage()


@pytest.mark.parametrize(
    ("client", "kind"),
    [
        (Subclass(), RedisStyleStore),
        (redis.Redis(), RedisStyleStore),
        (mock.Mock(spec=redis.Redis), PlainStore),
        (mock.MagicMock(), PlainStore),
    ],
)
def test_without_native_the_client_is_always_driven_itself(client: Any, kind: type) -> None:
    found = interface(client, SESSION_NATIVE=False)
    assert type(found._current_store()) is kind
    assert found._current_store().client is client
    assert found.client is found.redis is client


def test_a_url_needs_no_client_but_has_one_for_whoever_asks() -> None:
    found = interface("redis://127.0.0.1:7777/3")
    assert isinstance(found._current_store(), _core.Store)
    assert found.client.connection_pool.connection_kwargs["port"] == 7777
    assert found.client is found.client
    found = interface("redis://127.0.0.1:7777/3", SESSION_NATIVE=False)
    assert found._current_store().client is found.client


def test_the_client_may_be_swapped_while_the_application_runs() -> None:
    found = interface(redis.Redis(port=1))
    first = found._current_store()
    assert found._current_store() is first
    found.client = Subclass(port=2)
    assert found._current_store().client is found.client
    found.redis = redis.Redis(port=3)
    assert isinstance(found._current_store(), _core.Store)
    assert found.client.connection_pool.connection_kwargs["port"] == 3


def test_the_client_may_be_patched_for_a_while() -> None:
    for client in (redis.Redis(port=1), "redis://127.0.0.1:7777/3"):
        found = interface(client)
        found._current_store()
        double = mock.Mock(spec=["get", "set", "delete"])
        with mock.patch.object(found, "client", double):
            assert found._current_store().client is double
        assert isinstance(found._current_store(), _core.Store)
        assert found.client.connection_pool.connection_kwargs["port"] in (1, 7777)


def test_a_url_that_cannot_be_read_is_an_error_at_the_start_that_keeps_the_password() -> None:
    for url in ("http://u:hush@h", "file:///hush", "redis://u:hush@h:port/0", "redis://:hush@h/0?unknown=1"):
        with pytest.raises(SessionMisconfigured, match="SESSION_REDIS") as raised:
            interface(url)
        assert "hush" not in str(raised.value)


def test_nothing_given_means_localhost_with_flask_sessions_warning() -> None:
    with pytest.warns(
        RuntimeWarning, match="No valid Redis instance provided, attempting to create a new instance"
    ):
        found = interface(None)
    assert found.client.connection_pool.connection_kwargs["host"] == "127.0.0.1"


@pytest.mark.parametrize("client", [5, object(), redis.Redis, {"get": 1}, "localhost:6379", b"redis://h"])
def test_what_is_no_client_is_an_error_that_names_the_key(client: Any) -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_REDIS"):
        interface(client)
    with pytest.raises(SessionMisconfigured, match="SESSION_REDIS"):
        RedisSessionInterface(None, client=client)


def test_a_client_may_be_a_proxy_for_one_that_is_there_when_it_is_used(redis_server: RedisServer) -> None:
    app = flask.Flask("redis")
    proxy = LocalProxy(lambda: flask.current_app.extensions["redis"])
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=proxy)
    Session(app)
    app.extensions["redis"] = redis_server.client()
    app.add_url_rule("/put", view_func=lambda: flask.session.update(a=1) or "", endpoint="put")
    app.add_url_rule("/get", view_func=lambda: str(flask.session.get("a")), endpoint="get")
    browser = app.test_client()
    browser.get("/put")
    assert browser.get("/get").text == "1"


def test_a_mock_gets_exactly_flask_sessions_calls() -> None:
    client = mock.Mock(spec=["get", "set", "delete"])
    found = interface(client)
    app = found.app
    app.add_url_rule("/put", view_func=lambda: flask.session.update(a=1) or "", endpoint="put")
    app.add_url_rule("/get", view_func=lambda: str(flask.session.get("a")), endpoint="get")
    app.add_url_rule("/clear", view_func=lambda: flask.session.clear() or "", endpoint="clear")
    browser = app.test_client()
    browser.get("/put")
    key = client.set.call_args.kwargs["name"]
    payload = client.set.call_args.kwargs["value"]
    assert client.mock_calls == [mock.call.set(name=key, value=payload, ex=31 * 24 * 3600)]
    client.reset_mock()
    client.get.return_value = payload
    assert browser.get("/get").text == "1"
    assert client.mock_calls == [
        mock.call.get(key),
        mock.call.set(name=key, value=payload, ex=31 * 24 * 3600),
    ]
    client.reset_mock()
    browser.get("/clear")
    assert client.mock_calls == [mock.call.get(key), mock.call.delete(key)]
    assert found.guarantee == "overwrite"


class Site:
    """An application on one Redis client, without Flask around it."""

    def __init__(self, client: Any, **config: Any) -> None:
        self.interface = interface(client, SESSION_NATIVE=False, **config)
        self.app = self.interface.app

    def open(self, sid: str | None) -> Any:
        header = {"HTTP_COOKIE": f"session={sid}"} if sid else {}
        return self.interface.open_session(self.app, self.app.request_class(header))

    def save(self, session: Any) -> flask.Response:
        response = flask.Response()
        self.interface.save_session(self.app, session, response)
        return response

    def new(self, **entries: Any) -> str:
        session = self.open(None)
        session.update(entries)
        self.save(session)
        return session.sid


@pytest.fixture(params=["bytes", "decoded"])
def site(request: pytest.FixtureRequest, redis_server: RedisServer) -> Site:
    return Site(redis_server.client(decode_responses=request.param == "decoded"))


@pytest.mark.parametrize("size", [1, 10_000])
def test_through_the_client_two_writers_keep_both(site: Site, size: int) -> None:
    sid = site.new(text="x" * size)
    one, other = site.open(sid), site.open(sid)
    one["a"], other["b"] = 1, 2
    site.save(one)
    site.save(other)
    found = site.open(sid)
    assert (found["a"], found["b"], len(found["text"])) == (1, 2, size)
    assert site.interface.guarantee == "merge"


def test_through_the_client_a_log_out_is_final(site: Site) -> None:
    sid = site.new(a=1)
    slow, leaving = site.open(sid), site.open(sid)
    slow["b"] = 2
    leaving.clear()
    assert "Set-Cookie" in site.save(leaving).headers
    assert "Set-Cookie" not in site.save(slow).headers
    assert site.open(sid).new


def test_through_the_client_a_session_emptied_by_pop_keeps_what_another_request_added(site: Site) -> None:
    sid = site.new(message="hello")
    one, other = site.open(sid), site.open(sid)
    one.pop("message")
    other["cart"] = [1]
    site.save(other)
    site.save(one)
    found = dict(site.open(sid))
    assert found == {"_permanent": True, "cart": [1]}


def test_through_the_client_the_life_is_extended(site: Site, redis_server: RedisServer) -> None:
    sid = site.new(a=1)
    client = redis_server.client()
    site.interface._touches = None
    client.expire(f"session:{sid}", 100)
    site.save(site.open(sid))
    assert client.ttl(f"session:{sid}") > 1000


def test_a_user_with_only_get_set_and_del_overwrites_and_is_warned_once(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    commands = ["+get", "+set", "+del"]
    redis_server.client().acl_setuser(
        "small", enabled=True, reset=True, passwords=["+secret"], keys=["*"], commands=commands
    )
    small = Site(redis_server.client(username="small", password="secret", driver_info=None))
    sid = small.new(a=1)
    for value in (2, 3):
        session = small.open(sid)
        session["a"] = value
        small.save(session)
    assert small.open(sid)["a"] == 3
    assert small.interface.guarantee == "overwrite"
    assert len(caplog.records) == 1
    session = small.open(sid)
    session.clear()
    small.save(session)
    assert small.open(sid).new


def test_a_client_that_encrypts_is_not_gone_past(redis_server: RedisServer) -> None:
    class Encrypting(redis.Redis):
        def get(self, name: Any) -> Any:
            found = super().get(name)
            return bytes(byte ^ 1 for byte in found) if found else found

        def set(self, name: Any, value: Any, ex: Any = None) -> Any:  # type: ignore[override]
            return super().set(name, bytes(byte ^ 1 for byte in value), ex=ex)

    encrypting = Site(Encrypting(port=redis_server.port))
    sid = encrypting.new(name="Ada")
    assert encrypting.open(sid)["name"] == "Ada"
    assert b"Ada" not in redis_server.client().get(f"session:{sid}")


def test_a_json_site_whose_client_decodes_works(redis_server: RedisServer) -> None:
    decoding = Site(redis_server.client(decode_responses=True), SESSION_SERIALIZATION_FORMAT="json")
    sid = decoding.new(name="Ådä")
    assert decoding.open(sid)["name"] == "Ådä"


def test_where_scripts_are_forbidden_a_transaction_compares(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    rights = ["+@all", "-eval", "-evalsha"]
    redis_server.client().acl_setuser(
        "scriptless", enabled=True, reset=True, passwords=["+secret"], keys=["*"], commands=rights
    )
    scriptless = Site(redis_server.client(username="scriptless", password="secret"))
    sid = scriptless.new(a=1)
    one, other = scriptless.open(sid), scriptless.open(sid)
    one["b"], other["c"] = 2, 3
    scriptless.save(one)
    scriptless.save(other)
    assert dict(scriptless.open(sid)) == {"_permanent": True, "a": 1, "b": 2, "c": 3}
    leaving, slow = scriptless.open(sid), scriptless.open(sid)
    slow.pop("a")
    leaving.clear()
    scriptless.save(leaving)
    scriptless.save(slow)
    assert scriptless.open(sid).new
    assert scriptless.interface.guarantee == "merge"
    assert caplog.records == []
