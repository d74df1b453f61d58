"""Every backend that Flask-Session 0.4 to 0.8 had: what they stored there goes on with us.

One request of the old release fills a session. Then the same cookie meets us: everything is as it was, the
next save is in today's format, and a type that is not read costs one log line and a fresh session.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from compat.continuing import Conversation
from compat.test_older_releases import FILL, PLAIN, SEE
from databases import uri_of

if TYPE_CHECKING:
    from pathlib import Path

    from compat.conftest import Player

PICKLING = ("0.4.0", "0.5.0", "0.6.0")
RELEASES = (*PICKLING, "0.7.0", "0.8.0")
DATABASES = ("sqlite_file", "postgresql", "mariadb")
# The path of each backend's client: natively, and through the object that the application configured.
BACKENDS = ("redis", "memcached", "filesystem", "mongodb", *DATABASES)

TYPES = {
    "text": "'Größe 日本'",
    "raw": "b'bytes'",
    "numbers": "[0, -5, 2**40, 2**70, 2.5, None, True]",
    "pair": "(1, (2, 3))",
    "tags": "{'x'}",
    "frozen": "frozenset({1, 2})",
    "day": "date(2024, 2, 29)",
    "clock": "time(1, 2, 3, 4)",
    "naive": "datetime(2024, 2, 29, 1, 2, 3)",
    "aware": "datetime(2024, 2, 29, 1, 2, 3, tzinfo=timezone.utc)",
    "offset": "datetime(2024, 2, 29, 1, 2, 3, tzinfo=timezone(timedelta(hours=5, minutes=30)))",
    "span": "timedelta(days=-1, seconds=5, microseconds=7)",
    "amount": "Decimal('1.10')",
    "id": "UUID('12345678123456781234567812345678')",
    "markup": "Markup('<b>')",
    "ordered": "collections.OrderedDict(b=1, a=2)",
    "queue": "collections.deque([1, 2])",
    "counts": "{'a': [1]}",
}
"""What a pickle keeps, each as we give it back."""
FILL_TYPES = (
    "\n".join(f"session[{name!r}] = {value}" for name, value in TYPES.items())
    + """
session["counts"] = collections.defaultdict(list, a=[1])
session["user"] = "ann"
"""
)
WRONG_TYPES = (
    "{name: session[name] for name, value in {"
    + ", ".join(f"{name!r}: {value}" for name, value in TYPES.items())
    + "}.items() if (type(session[name]), session[name]) != (type(value), value)}"
)
"""What is not as it was."""

STORED = """
(lambda payload: sorted(__import__("flask_session")._core.Codec(legacy_pickle=False).decode(payload)))(
    interface._current_store().get(interface._get_store_id(raw.sid))
)
"""
"""The keys of what is stored, if that is today's format."""


def settings_of(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What an application configures, as text: each release makes the objects itself."""
    if backend == "redis":
        return {}
    if backend == "memcached":
        server = request.getfixturevalue("memcached_server")
        return {"SESSION_TYPE": backend, "MEMCACHED": server.address, "MEMCACHED_LIBRARY": "memcache"}
    if backend == "filesystem":
        return {"SESSION_TYPE": backend, "SESSION_FILE_DIR": str(tmp_path / "sessions")}
    if backend == "mongodb":
        server = request.getfixturevalue("mongodb_server")
        return {"SESSION_TYPE": backend, "MONGODB": server.url, "SESSION_MONGODB_DB": server.database_name()}
    table = f"sessions_{uuid.uuid4().hex[:10]}"
    uri = uri_of(backend, request, tmp_path)
    return {
        "SESSION_TYPE": "sqlalchemy",
        "SQLALCHEMY_DATABASE_URI": uri,
        "SQLALCHEMY_TRACK_MODIFICATIONS": False,
        "TABLES_ARE_MADE_BY_HAND": True,
        "SESSION_SQLALCHEMY_TABLE": table,
    }


@pytest.fixture(params=BACKENDS)
def talk(request: pytest.FixtureRequest, player: Player, tmp_path: Path) -> Conversation:
    return Conversation(player, **settings_of(request.param, request, tmp_path))


@pytest.mark.parametrize("native", [True, False], ids=["native", "through_the_client"])
@pytest.mark.parametrize("release", RELEASES)
def test_an_old_session_goes_on_and_its_next_save_is_in_todays_format(
    talk: Conversation, release: str, native: bool
) -> None:
    talk.settings["SESSION_NATIVE"] = native
    talk.ask(release, FILL_TYPES if release in PICKLING else FILL)
    cookie = talk.cookie
    if release in PICKLING:
        assert talk.ask("ours", "", WRONG_TYPES)["body"] == "{}"
    elif talk.settings.get("SESSION_TYPE") != "filesystem":
        # On files these two pickle, too, and keep what msgpack loses.
        assert talk.ask("ours", "", SEE)["body"] == PLAIN
    talk.ask("ours", 'session["user"] = "bob"; session["more"] = 1')
    assert talk.cookie == cookie, "nobody is logged out"
    stored = talk.ask("ours", "", STORED)["body"]
    assert "'more'" in stored
    assert "'user'" in stored
    assert talk.ask("ours", "", 'session["user"], session["more"]')["body"] == "('bob', 1)"


@pytest.mark.parametrize("release", PICKLING)
def test_a_type_that_is_not_read_costs_one_log_line_and_a_fresh_session(
    talk: Conversation, release: str
) -> None:
    talk.ask(release, 'session["user"] = "ann"; session["bad"] = collections.Counter("aab")')
    cookie = talk.cookie
    report = talk.ask("ours", 'session["user"] = "new"', 'session.get("bad")', LOG_IS_OBSERVED=True)
    assert report["body"] == "None"
    (line,) = report["logged"]
    assert "collections.Counter" in line
    assert "SESSION_LEGACY_PICKLE" in line
    assert "ann" not in line
    assert cookie not in line
    assert talk.cookie != cookie
    assert talk.ask("ours", "", 'session["user"]')["body"] == "'new'"


@pytest.mark.parametrize("release", ["0.7.0", "0.8.0"])
@pytest.mark.parametrize("form", ["msgpack", "json"])
def test_both_formats_of_0_7_and_0_8_go_on(
    request: pytest.FixtureRequest, player: Player, tmp_path: Path, release: str, form: str
) -> None:
    for backend in BACKENDS:
        talk = Conversation(player, **settings_of(backend, request, tmp_path))
        fill = 'session["user"] = "ann"; session["cart"] = [{"pen": 1.5}, None, "größe"]'
        talk.ask(release, fill, SESSION_SERIALIZATION_FORMAT=form)
        cookie = talk.cookie
        seen = talk.ask("ours", 'session["more"] = 1', 'session["user"], session["cart"]')
        assert seen["body"] == "('ann', [{'pen': 1.5}, None, 'größe'])", backend
        assert talk.cookie == cookie
        assert "'more'" in talk.ask("ours", "", STORED)["body"]


def test_a_cachelib_cache_of_0_8_0_goes_on(player: Player, tmp_path: Path) -> None:
    talk = Conversation(player, SESSION_TYPE="cachelib", CACHELIB=str(tmp_path / "cache"))
    talk.ask("0.8.0", 'session["user"] = "ann"; session["pair"] = (1, 2)')
    cookie = talk.cookie
    assert (
        talk.ask("ours", 'session["more"] = 1', 'session["user"], session["pair"]')["body"]
        == "('ann', (1, 2))"
    )
    assert talk.cookie == cookie
    assert talk.ask("0.8.0", "", 'session["more"]')["body"] == "1"


@pytest.mark.parametrize("release", ["0.4.0", "0.5.0", "0.6.0", "ours"])
def test_null_keeps_nothing_in_any_release(player: Player, release: str) -> None:
    # 0.7 and 0.8 know the word no longer.
    talk = Conversation(player, SESSION_TYPE="null")
    assert talk.ask(release, "", "dict(session)")["body"] == "{}"
    assert talk.cookie is None


ZONED = {
    "pytz_utc": "datetime(2024, 7, 1, 12, tzinfo=pytz.utc)",
    "pytz_summer": "pytz.timezone('Europe/Berlin').localize(datetime(2024, 7, 1, 12))",
    "pytz_winter": "pytz.timezone('America/New_York').localize(datetime(2024, 1, 1, 12))",
    "pytz_offset": "datetime(2024, 7, 1, 12, tzinfo=pytz.FixedOffset(-90))",
    "dateutil_utc": "datetime(2024, 7, 1, 12, tzinfo=dateutil.tzutc())",
    "dateutil_offset": "datetime(2024, 7, 1, 12, tzinfo=dateutil.tzoffset('x', 5400))",
}
MOMENTS = {
    "pytz_utc": "2024-07-01T12:00:00+00:00",
    "pytz_summer": "2024-07-01T12:00:00+02:00",
    "pytz_winter": "2024-01-01T12:00:00-05:00",
    "pytz_offset": "2024-07-01T12:00:00-01:30",
    "dateutil_utc": "2024-07-01T12:00:00+00:00",
    "dateutil_offset": "2024-07-01T12:00:00+01:30",
}


@pytest.mark.parametrize(("backend", "libraries"), [("redis", ""), ("memcached", "pytz")])
def test_datetimes_of_pytz_and_dateutil_go_on_and_those_of_zoneinfo_do_not(
    request: pytest.FixtureRequest, player: Player, tmp_path: Path, backend: str, libraries: str
) -> None:
    # 0.5.0 pickles for memcached in protocol 0, in which dateutil's are not read.
    names = [name for name in ZONED if name.startswith(libraries)]
    imports = "import pytz, zoneinfo; import dateutil.tz as dateutil"
    fill = "; ".join(f"session[{name!r}] = {ZONED[name]}" for name in names)
    seen = "{name: value.isoformat() for name, value in session.items() if name != '_permanent'}"
    expected = {name: MOMENTS[name] for name in names}
    talk = Conversation(player, **settings_of(backend, request, tmp_path))
    talk.ask("0.5.0", f"{imports}; {fill}")
    assert eval(talk.ask("ours", "", seen)["body"]) == expected
    talk.ask("ours", 'session["more"] = time(1)')
    assert eval(talk.ask("ours", 'del session["more"]', seen)["body"]) == expected, "rewritten, too"
    talk = Conversation(player, **settings_of(backend, request, tmp_path))
    named = "datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))"
    talk.ask("0.5.0", f"{imports}; session['when'] = {named}")
    report = talk.ask("ours", "", "'when' in session", LOG_IS_OBSERVED=True)
    assert report["body"] == "False"
    (line,) = report["logged"]
    assert "zoneinfo" in line or "getattr" in line
