"""Both generations of constructors, positional and by keyword."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask
import pytest
import redis

from flask_session import FileSystemSessionInterface, RedisSessionInterface
from flask_session.redis.redis import RedisSessionInterface as SameInterface
from flask_session.sessions import RedisSessionInterface as OlderInterface

CLIENT = redis.Redis()


def told(interface: Any) -> tuple[Any, ...]:
    return interface.key_prefix, interface.use_signer, interface.permanent, interface.sid_length


def app() -> flask.Flask:
    return flask.Flask("constructed")


REDIS = {
    "0.8, positional": lambda: RedisSessionInterface(app(), CLIENT, "p:", True, False, 16, "json"),
    "0.8, by keyword": lambda: RedisSessionInterface(
        app=app(), client=CLIENT, key_prefix="p:", use_signer=True, permanent=False, sid_length=16
    ),
    "0.8, mixed": lambda: RedisSessionInterface(
        app(), CLIENT, "p:", use_signer=True, permanent=False, sid_length=16
    ),
    "0.8, no application": lambda: RedisSessionInterface(None, CLIENT, "p:", True, False, 16),
    "0.6, positional": lambda: RedisSessionInterface(CLIENT, "p:", True, False, 16),
    "0.6, by keyword": lambda: RedisSessionInterface(
        redis=CLIENT, key_prefix="p:", use_signer=True, permanent=False, sid_length=16
    ),
}


@pytest.mark.parametrize("name", REDIS)
def test_redis(name: str) -> None:
    interface = REDIS[name]()
    assert told(interface) == ("p:", True, False, 16)
    assert interface.client is CLIENT
    assert (interface.app is not None) == ("0.8" in name and "no application" not in name)


def test_the_defaults_are_those_of_the_settings() -> None:
    for interface in (RedisSessionInterface(app(), CLIENT), RedisSessionInterface(client=CLIENT)):
        assert told(interface) == ("session:", False, True, 32)
        assert interface.serializer.codec.format == "msgpack"
    assert told(RedisSessionInterface(CLIENT, "p:")) == ("p:", False, True, 32)


def test_no_client_and_a_prefix_is_the_older_order() -> None:
    with pytest.warns(RuntimeWarning, match="localhost"):
        assert RedisSessionInterface(None, "p:").key_prefix == "p:"
    assert RedisSessionInterface(None, "redis://h:1").key_prefix == "session:"


def test_files(tmp_path: Path) -> None:
    made = [
        FileSystemSessionInterface(app(), "p:", True, False, 16, "json", str(tmp_path), 9, 0o640),
        FileSystemSessionInterface(str(tmp_path), 9, 0o640, "p:", True, False, 16),
        FileSystemSessionInterface(
            cache_dir=tmp_path,
            threshold=9,
            mode=0o640,
            key_prefix="p:",
            use_signer=True,
            permanent=False,
            sid_length=16,
        ),
    ]
    for interface in made:
        assert told(interface) == ("p:", True, False, 16)


def test_what_no_release_takes_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'prefix'"):
        RedisSessionInterface(app(), CLIENT, prefix="p:")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="several values for argument 'client'"):
        RedisSessionInterface(app(), CLIENT, client=CLIENT)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="at most 7 arguments"):
        RedisSessionInterface(app(), CLIENT, "p:", True, True, 32, "json", 8)  # type: ignore[call-overload]


def test_a_subclass_calls_the_constructor_with_its_arguments() -> None:
    class Own(RedisSessionInterface):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.own = True

    assert told(Own(app(), CLIENT, "p:", True, False)) == ("p:", True, False, 32)


def test_every_path_leads_to_the_same_class() -> None:
    assert RedisSessionInterface is SameInterface is OlderInterface
