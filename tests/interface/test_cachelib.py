"""Sessions in cachelib's caches: the real ones, and 0.8's calls on them."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

import flask
import pytest
from cachelib import FileSystemCache, RedisCache, SimpleCache

from flask_session import CacheLibSessionInterface, Session, SessionMisconfigured, StoreRefused

if TYPE_CHECKING:
    from pathlib import Path

    from redis_server import RedisServer

MONTH = 31 * 24 * 3600


class Watched(SimpleCache):
    """Writes down what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Any, ...]] = []

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(("get", args, kwargs))
        return super().get(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(("set", args, kwargs))
        return super().set(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(("delete", args, kwargs))
        return super().delete(*args, **kwargs)

    def take(self) -> list[tuple[Any, ...]]:
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture(params=["files", "memory", "redis"])
def cache(request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer) -> Any:
    if request.param == "files":
        return FileSystemCache(str(tmp_path / "cache"))
    if request.param == "memory":
        return SimpleCache()
    return RedisCache(host="127.0.0.1", port=redis_server.port)


def site(cache: Any, **config: Any) -> flask.Flask:
    app = flask.Flask("cachelib")
    app.testing = True
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache, **config)
    Session(app)

    @app.get("/put")
    def put() -> str:
        flask.session.update(cart=[1], day=pathlib.PurePosixPath("/tmp"), pair=(1, {2}))
        return flask.session.sid  # type: ignore[attr-defined, no-any-return]

    @app.get("/append")
    def append() -> str:
        flask.session["cart"].append({"pen": 2})
        return ""

    app.add_url_rule("/see", "see", lambda: repr(sorted(flask.session.items())))
    app.add_url_rule("/none", "none", lambda: "")
    app.add_url_rule("/clear", "clear", lambda: flask.session.clear() or "")

    @app.get("/renew")
    def renew() -> str:
        app.session_interface.regenerate(flask.session)  # type: ignore[attr-defined]
        return flask.session.sid  # type: ignore[attr-defined, no-any-return]

    return app


def test_a_session_is_stored_as_a_dict_under_its_key_and_any_type_comes_back(cache: Any) -> None:
    app = site(cache)
    browser = app.test_client()
    sid = browser.get("/put").text
    entries = {"_permanent": True, "cart": [1], "day": pathlib.PurePosixPath("/tmp"), "pair": (1, {2})}
    assert cache.get(f"session:{sid}") == entries
    assert type(cache.get(f"session:{sid}")) is dict
    assert browser.get("/see").text == repr(sorted(entries.items()))
    assert app.session_interface.cache is cache  # type: ignore[attr-defined]
    assert app.session_interface.guarantee == "overwrite"  # type: ignore[attr-defined]


@pytest.mark.parametrize("refresh", [True, False])
def test_a_nested_change_is_saved(cache: Any, refresh: bool) -> None:
    browser = site(cache, SESSION_REFRESH_EACH_REQUEST=refresh).test_client()
    browser.get("/put")
    browser.get("/append")
    assert "('cart', [1, {'pen': 2}])" in browser.get("/see").text


def test_a_log_out_and_a_renewal_leave_nothing_behind(cache: Any) -> None:
    browser = site(cache).test_client()
    first = browser.get("/put").text
    renewed = browser.get("/renew").text
    assert cache.get(f"session:{first}") is None
    assert cache.get(f"session:{renewed}")["cart"] == [1]
    cleared = browser.get("/clear").headers["Set-Cookie"]
    assert cache.get(f"session:{renewed}") is None
    assert cleared.startswith("session=; Expires=Thu, 01 Jan 1970")


def test_the_calls_are_those_of_0_8() -> None:
    cache = Watched()
    browser = site(cache).test_client()
    key = "session:" + browser.get("/put").text
    value = cache.get(key)
    assert cache.take()[0] == ("set", (), {"key": key, "value": value, "timeout": MONTH})
    browser.get("/none")
    assert cache.take() == [
        ("get", (key,), {}),
        ("set", (), {"key": key, "value": value, "timeout": MONTH}),
    ]
    browser.get("/clear")
    assert cache.take() == [("get", (key,), {}), ("delete", (key,), {})]


def test_without_refresh_an_unchanged_session_is_not_written() -> None:
    cache = Watched()
    browser = site(cache, SESSION_REFRESH_EACH_REQUEST=False).test_client()
    browser.get("/put")
    cache.take()
    browser.get("/see")
    assert [call[0] for call in cache.take()] == ["get"]
    browser.get("/append")
    assert [call[0] for call in cache.take()] == ["get", "set"]


def test_a_lifetime_of_less_than_a_second_is_not_for_ever() -> None:
    cache = Watched()
    site(cache, PERMANENT_SESSION_LIFETIME=0).test_client().get("/put")
    assert cache.take()[0][2]["timeout"] == 1


def test_a_session_that_the_cache_does_not_store_is_an_error_that_names_the_cache(tmp_path: Path) -> None:
    # Where the cache's folder should be there is a file: it can't write, and says so by False only.
    cache = FileSystemCache(str(tmp_path / "cache"))
    browser = site(cache).test_client()
    (tmp_path / "cache").rename(tmp_path / "moved")
    (tmp_path / "cache").write_text("")
    with pytest.raises(StoreRefused, match="FileSystemCache did not store a session"):
        browser.get("/put")


def test_what_is_no_session_costs_a_fresh_one_and_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    cache = SimpleCache()
    app = site(cache)
    cache.set("session:" + "a" * 43, ["no", "dict"])
    browser = app.test_client(use_cookies=False)
    seen = browser.get("/see", headers={"Cookie": "session=" + "a" * 43})
    assert seen.text == "[('_permanent', True)]"
    assert "was left behind" in caplog.text


def test_another_cache_may_be_assigned_while_the_application_runs() -> None:
    app = site(SimpleCache())
    app.session_interface.cache = other = Watched()  # type: ignore[attr-defined]
    app.test_client().get("/put")
    assert [call[0] for call in other.take()] == ["set"]


def test_nothing_given_means_files_with_flask_sessions_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.warns(
        RuntimeWarning, match="No valid cachelib instance provided, attempting to create a new instance on"
    ):
        app = site(None)
    app.test_client().get("/put")
    assert isinstance(app.session_interface.cache, FileSystemCache)  # type: ignore[attr-defined]
    assert list((tmp_path / "flask_session").iterdir())


@pytest.mark.parametrize("wrong", [5, "files", SimpleCache, {"get": 1}])
def test_what_is_no_cache_is_an_error_that_names_the_key(wrong: Any) -> None:
    with pytest.raises(SessionMisconfigured, match="SESSION_CACHELIB must be a cachelib cache"):
        site(wrong)


def test_the_constructor_takes_0_8s_arguments_in_its_order() -> None:
    cache = SimpleCache()
    made = CacheLibSessionInterface(flask.Flask("made"), cache, "p:", True, False, 16, "json")
    told = (made.cache, made.key_prefix, made.use_signer, made.permanent, made.sid_length)
    assert told == (cache, "p:", True, False, 16)
