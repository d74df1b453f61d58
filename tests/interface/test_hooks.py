"""Whatever an application replaces is called, in Flask-Session's order."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any
from unittest import mock

import flask
import msgspec
import pytest

from flask_session import ServerSideSession, ServerSideSessionInterface
from memory_sessions import (
    MemorySessionInterface,
    application,
    opened,
    opened_with,
    operations,
    saved,
    stored,
)

ENTRIES = {"_permanent": True, "name": "Ada"}


class Recording(ServerSideSessionInterface):
    """A backend that some application wrote itself: the three hooks and nothing else."""

    def __init__(self, app: Any = None, **options: Any) -> None:
        super().__init__(app, **options)
        self.kept: dict[str, bytes] = {}
        self.called: list[tuple[Any, ...]] = []

    def _retrieve_session_data(self, store_id: str) -> Any:
        self.called.append(("retrieve", store_id))
        payload = self.kept.get(store_id)
        return self.serializer.decode(payload) if payload else None

    def _upsert_session(self, session_lifetime: Any, session: Any, store_id: str) -> None:
        self.called.append(("upsert", store_id, session_lifetime.total_seconds()))
        self.kept[store_id] = self.serializer.encode(session)

    def _delete_session(self, store_id: str) -> None:
        self.called.append(("delete", store_id))
        self.kept.pop(store_id, None)

    def calls(self) -> list[str]:
        called, self.called = self.called, []
        return [call[0] for call in called]


def put(**entries: Any) -> Any:
    return lambda: flask.session.update(entries) or "ok"


def recording(**config: Any) -> tuple[flask.Flask, Recording, Any]:
    app = application(Recording, **config)
    app.add_url_rule("/put", view_func=put(cart=[1]), endpoint="put")
    app.add_url_rule("/get", view_func=lambda: dict(flask.session), endpoint="get")
    app.add_url_rule("/none", view_func=lambda: "", endpoint="none")
    app.add_url_rule("/append", view_func=lambda: flask.session["cart"].append(2) or "", endpoint="append")
    app.add_url_rule("/clear", view_func=lambda: flask.session.clear() or "", endpoint="clear")
    interface: Any = app.session_interface
    return app, interface, app.test_client()


def test_an_own_backend_gets_the_calls_that_flask_session_makes() -> None:
    _, interface, client = recording()
    client.get("/none")
    assert interface.calls() == []
    client.get("/put")
    assert interface.called[0][0] == "upsert"
    assert interface.called[0][1].startswith("session:")
    assert interface.called[0][2] == 31 * 24 * 3600
    interface.calls()
    assert client.get("/get").json == {"_permanent": True, "cart": [1]}
    assert interface.calls() == ["retrieve", "upsert"]
    client.get("/none")
    assert interface.calls() == ["retrieve", "upsert"]
    assert "session=;" in client.get("/clear").headers["Set-Cookie"]
    assert interface.calls() == ["retrieve", "delete"]


def test_an_own_backend_keeps_a_nested_change_without_refresh() -> None:
    _, interface, client = recording(SESSION_REFRESH_EACH_REQUEST=False)
    client.get("/put")
    client.get("/get")
    assert interface.calls() == ["upsert", "retrieve"]
    client.get("/append")
    assert interface.calls() == ["retrieve", "upsert"]
    assert client.get("/get").json["cart"] == [1, 2]


def test_through_the_hooks_a_session_is_new_until_it_is_stored_and_loading_it_is_no_access() -> None:
    app, _, _ = recording(SESSION_REFRESH_EACH_REQUEST=False)
    session = opened(app, None)
    assert session.new
    session["cart"] = [1]
    saved(app, session)
    assert not session.new
    assert not opened(app, session.sid).accessed


def test_an_own_backend_renews_at_once() -> None:
    app, interface, client = recording()
    app.add_url_rule("/renew", view_func=lambda: interface.regenerate(flask.session) or flask.session.sid)
    client.get("/put")
    interface.calls()
    sid = client.get("/renew").text
    assert interface.calls() == ["retrieve", "delete", "upsert"]
    assert list(interface.kept) == [f"session:{sid}"]
    assert interface.guarantee == "overwrite"


def test_a_hook_patched_on_one_instance_is_called() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    interface: Any = app.session_interface
    original = interface._retrieve_session_data
    seen = []
    interface._retrieve_session_data = lambda store_id: seen.append(store_id) or original(store_id)
    assert interface.guarantee == "overwrite"
    session = opened(app, sid)
    assert seen == [f"session:{sid}"]
    saved(app, session)
    assert operations(app) == ["get", "put"]
    del interface._retrieve_session_data
    assert interface.guarantee == "merge"
    opened(app, sid)
    assert operations(app) == []


def test_a_hook_patched_within_a_request_is_called() -> None:
    app = application()
    sid = stored(app, {"name": "Ada"})
    saved(app, opened(app, sid))
    untouched = opened(app, sid)
    with mock.patch.object(app.session_interface, "_upsert_session") as upsert:
        saved(app, untouched)
    assert upsert.call_count == 1


def test_a_hook_patched_on_the_class_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application()
    sid = stored(app, ENTRIES)
    seen = []
    monkeypatch.setattr(
        ServerSideSessionInterface, "_delete_session", lambda self, store_id: seen.append(store_id)
    )
    session = opened(app, sid)
    session.clear()
    saved(app, session)
    assert seen == [f"session:{sid}"]


def test_a_hook_in_a_mixin_is_called_and_may_call_ours() -> None:
    seen = []

    class Mixin:
        def _upsert_session(self, *args: Any) -> None:
            seen.append(args[2])
            super()._upsert_session(*args)  # type: ignore[misc]

    class Mixed(Mixin, MemorySessionInterface):
        pass

    app = application(Mixed)
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)
    assert seen == [f"session:{session.sid}"]
    assert opened(app, session.sid)["a"] == 1


def test_a_replaced_serializer_reads_and_writes_everything() -> None:
    class Own:
        def encode(self, session: Any) -> str:
            return "own:" + json.dumps(dict(session))

        def decode(self, payload: bytes) -> Any:
            return json.loads(payload.decode().removeprefix("own:"))

    app = application()
    interface: Any = app.session_interface
    interface.serializer = Own()
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)
    assert interface.store.store.get(f"session:{session.sid}").startswith(b'own:{"_permanent"')
    assert opened(app, session.sid)["a"] == 1


def test_the_encoder_and_the_decoder_may_have_hooks_of_the_application() -> None:
    app = application()
    serializer: Any = app.session_interface.serializer  # type: ignore[attr-defined]
    serializer.encoder = msgspec.msgpack.Encoder(enc_hook=lambda value: f"made of {type(value).__name__}")
    session = opened(app, None)
    session["a"] = 1j
    saved(app, session)
    assert opened(app, session.sid)["a"] == "made of complex"

    class Own:
        def decode(self, payload: bytes) -> Any:
            return {**msgspec.msgpack.decode(payload), "decoded": True}

    serializer.decoder = Own()
    assert opened(app, session.sid)["decoded"]


def test_what_the_decoder_cannot_read_the_alternate_one_is_given() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    serializer: Any = app.session_interface.serializer  # type: ignore[attr-defined]
    serializer.decoder = msgspec.json.Decoder()
    assert opened(app, sid)["name"] == "Ada"
    serializer.alternate_decoder = msgspec.json.Decoder()
    assert "name" not in opened(app, sid)
    serializer.decoder = serializer.alternate_decoder = serializer.codec

    class Own:
        def decode(self, payload: bytes) -> Any:
            return {"payload": payload.decode()}

    serializer.alternate_decoder = Own()
    assert opened(app, sid)["name"] == "Ada"
    app.session_interface.store.put(f"session:{sid}", b"words", 60)  # type: ignore[attr-defined]
    assert opened(app, sid)["payload"] == "words"


def test_a_serializer_may_have_the_older_method_names() -> None:
    class Own:
        def dumps(self, session: Any) -> bytes:
            return json.dumps(dict(session)).encode()

        def loads(self, payload: bytes) -> Any:
            return json.loads(payload)

    app = application()
    app.session_interface.serializer = Own()  # type: ignore[attr-defined]
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)
    assert opened(app, session.sid)["a"] == 1


def test_a_serializer_that_gives_none_means_no_session() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    app.session_interface.serializer.decode = lambda payload: None  # type: ignore[attr-defined]
    session = opened(app, sid)
    assert session.sid != sid
    assert not session


def test_a_serializer_that_fails_costs_one_fresh_session(caplog: pytest.LogCaptureFixture) -> None:
    app = application()
    sid = stored(app, ENTRIES)

    def fail(payload: bytes) -> Any:
        raise ZeroDivisionError("secret: Ada")

    app.session_interface.serializer.decode = fail  # type: ignore[attr-defined]
    assert opened(app, sid).sid != sid
    opened(app, sid)
    (line,) = caplog.records
    assert sid not in line.getMessage()
    assert "Ada" not in line.getMessage()


@pytest.mark.parametrize(
    "generate", [lambda length: f"made-by-hand {length}".replace(" ", "-"), lambda: "made-by-hand-32"]
)
def test_generate_sid_may_take_a_length_or_nothing(generate: Any) -> None:
    app = application()
    app.session_interface._generate_sid = generate  # type: ignore[attr-defined]
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)
    assert session.sid == "made-by-hand-32"
    assert opened(app, session.sid)["a"] == 1


def test_ids_of_an_own_generator_may_have_other_characters() -> None:
    app = application()
    app.session_interface._generate_sid = lambda length: "user:1/é".encode().hex() + ":~"  # type: ignore[attr-defined]
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)
    assert opened(app, session.sid)["a"] == 1


def test_an_id_of_an_own_generator_fits_a_key_with_its_prefix() -> None:
    app = application(key_prefix="p" * 40)
    app.session_interface._generate_sid = lambda length: "x:" * 50  # type: ignore[attr-defined]
    for sid, fits in (("x:" * 105, True), ("x:" * 105 + "y", False)):
        opened(app, sid).get("a")
        assert bool(operations(app)) is fits


def test_should_set_storage_decides_and_nothing_is_refreshed_before_it_does() -> None:
    class Exempt(MemorySessionInterface):
        storing = False

        def should_set_storage(self, app: Any, session: Any) -> bool:
            return self.storing

    app = application(Exempt)
    sid = stored(app, ENTRIES)
    session = opened(app, sid)
    assert session["name"] == "Ada"
    assert "Set-Cookie" not in saved(app, session).headers
    assert operations(app) == ["load"]
    saved(app, opened(app, sid))
    assert operations(app) == []
    Exempt.storing = True
    session = opened(app, sid)
    assert session["name"] == "Ada"
    assert "Set-Cookie" in saved(app, session).headers
    assert operations(app) == ["load", "commit"]


def test_should_set_cookie_and_the_cookie_hooks_are_asked() -> None:
    class Named(MemorySessionInterface):
        setting = True

        def get_cookie_name(self, app: Any) -> str:
            return "own-name"

        def get_cookie_path(self, app: Any) -> str:
            return "/own"

        def get_expiration_time(self, app: Any, session: Any) -> Any:
            return 0

        def should_set_cookie(self, app: Any, session: Any) -> bool:
            return self.setting

    app = application(Named)
    session = opened(app, None)
    session["a"] = 1
    cookie = saved(app, session).headers["Set-Cookie"]
    assert cookie.startswith("own-name=")
    assert "Path=/own" in cookie
    assert "1970" in cookie
    assert opened_with(app, f"own-name={session.sid}")["a"] == 1
    Named.setting = False
    session["b"] = 2
    assert "Set-Cookie" not in saved(app, session).headers


def test_a_session_class_with_its_own_constructor_is_called() -> None:
    class Own(ServerSideSession):
        def __init__(self, initial: Any = None, sid: Any = None, permanent: Any = None) -> None:
            super().__init__(initial, sid, permanent)
            self.made = True

    app = application()
    app.session_interface.session_class = Own  # type: ignore[attr-defined]
    assert opened(app, None).made
    held = opened(app, stored(app, ENTRIES))
    assert held.made
    assert held["name"] == "Ada"


@pytest.mark.parametrize("replaced", ["__init__", "__new__"])
def test_a_session_class_with_its_own_constructor_is_saved_and_renewed_and_ended(replaced: str) -> None:
    def call(self: Any, *given: Any, **named: Any) -> Any:
        return getattr(ServerSideSession, replaced)(self, *given, **named)

    app = application()
    interface: Any = app.session_interface
    assert interface.guarantee == "merge"
    interface.session_class = type("Own", (ServerSideSession,), {replaced: call})
    assert interface.guarantee == "overwrite"
    sid = stored(app, ENTRIES)
    for number in range(3):
        held = opened(app, sid)
        held["visits"] = number
        saved(app, held)
    held = opened(app, sid)
    assert held["visits"] == 2
    interface.regenerate(held)
    saved(app, held)
    assert opened(app, sid).new
    held = opened(app, held.sid)
    assert held["visits"] == 2
    held.clear()
    saved(app, held)
    assert opened(app, held.sid).new


def test_a_copy_of_a_stored_session_can_be_saved() -> None:
    app = application()
    sid = stored(app, ENTRIES)
    for duplicate in (copy.copy, copy.deepcopy, lambda held: pickle.loads(pickle.dumps(held))):
        held = duplicate(opened(app, sid))
        assert held.sid == sid
        held["copied"] = str(duplicate)
        saved(app, held)
        assert opened(app, sid)["copied"] == str(duplicate)


def test_what_only_claims_to_be_a_session_is_saved_through_hooks() -> None:
    app = application()
    claimant = mock.MagicMock(spec=ServerSideSession, accessed=True, modified=True, permanent=False)
    claimant.sid = "a" * 43
    claimant.__bool__.return_value = True
    claimant.keys.return_value, claimant.__getitem__.return_value = ["a"], 1
    assert saved(app, claimant).headers["Set-Cookie"].startswith("session=" + "a" * 43)
    assert dict(opened(app, "a" * 43)) == {"a": 1}


def test_an_own_store_id_is_used_everywhere() -> None:
    class Grouped(MemorySessionInterface):
        def _get_store_id(self, sid: str) -> str:
            return f"group:{sid}"

    app = application(Grouped)
    session = opened(app, None)
    session["a"] = 1
    saved(app, session)
    assert app.session_interface.store.keys() == [f"group:{session.sid}"]  # type: ignore[attr-defined]


def test_a_request_and_a_response_need_only_what_flask_session_used() -> None:
    class Vary:
        def __init__(self) -> None:
            self.added: list[str] = []

        def add(self, name: str) -> None:
            self.added.append(name)

    class Response:
        def __init__(self) -> None:
            self.vary, self.cookies = Vary(), {}

        def set_cookie(self, key: str, value: str, **attributes: Any) -> None:
            self.cookies[key] = value

        def delete_cookie(self, key: str, **attributes: Any) -> None:
            self.cookies[key] = None

    class Request:
        cookies: dict[str, str] = {}  # noqa: RUF012 - as a plain context object has it

    app = application()
    interface: Any = app.session_interface
    session = interface.open_session(app, Request())
    session["a"] = 1
    response = Response()
    interface.save_session(app, session, response)
    assert response.cookies == {"session": session.sid}
    assert "Cookie" in response.vary.added
    request = Request()
    request.cookies = {"session": session.sid}
    session = interface.open_session(app, request)
    assert session["a"] == 1
    session.clear()
    interface.save_session(app, session, response)
    assert response.cookies == {"session": None}
