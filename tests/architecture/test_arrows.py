"""Which crate may know which: core <- stores <- python, core <- tower and testkit, model and fuzz."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from cargo import metadata

from .repository import ROOT, files, name_of

OURS = "flask-session-"

MAY_DEPEND_ON = {
    "core": set(),
    "stores": {"core"},
    "testkit": {"core"},
    "tower": {"core"},
    "python": {"core", "stores"},
    "model": {"core", "stores", "testkit"},
    "fuzz": {"core", "stores"},
}

DRIVERS = {"redis", "memcache", "mongodb", "sqlx", "postgres", "rusqlite", "libsqlite3-sys", "rustls"}
HOSTS = {"pyo3", "axum", "tower", "http", "hyper"}

FORBIDDEN = {
    "core": DRIVERS | HOSTS,
    "testkit": DRIVERS | {"pyo3", "axum", "tower"},
    "tower": DRIVERS | {"pyo3"},
    "stores": {"pyo3", "axum", "tower"},
}

# Words that a room's code must not contain, whatever its dependencies are.
UNSPOKEN = {
    "core": r"pyo3|redis::|axum::|tower::",
    "stores": r"[Cc]ookie|pyo3",
    "tower": r"[Rr]edis|[Mm]emcache|[Mm]ongo|[Pp]ostgres|[Mm]y[Ss][Qq][Ll]|[Ss][Qq][Ll]ite",
}


def rooms() -> list[str]:
    return sorted(path.name for path in (ROOT / "crates").iterdir() if (path / "Cargo.toml").exists())


def reached_from(room: str) -> set[str]:
    """The names of all packages that end up in a build of this crate, tests apart."""
    nodes = {node["id"]: node for node in metadata()["resolve"]["nodes"]}
    names = {package["id"]: package["name"] for package in metadata()["packages"]}
    (start,) = (identity for identity, name in names.items() if name == OURS + room)
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            if dependency["pkg"] in seen or all(kind["kind"] == "dev" for kind in dependency["dep_kinds"]):
                continue
            seen.add(dependency["pkg"])
            waiting.append(dependency["pkg"])
    return {names[identity] for identity in seen}


@pytest.mark.parametrize("room", rooms())
def test_a_crate_knows_only_the_crates_that_its_arrows_point_to(room: str) -> None:
    ours = {name.removeprefix(OURS) for name in reached_from(room) if name.startswith(OURS)}
    assert ours <= MAY_DEPEND_ON[room]


@pytest.mark.parametrize("room", sorted(FORBIDDEN.keys() & rooms()))
def test_a_crate_is_free_of_what_belongs_to_other_rooms(room: str) -> None:
    assert reached_from(room) & FORBIDDEN[room] == set()


def test_core_has_no_runtime_unless_a_store_on_an_async_driver_needs_one() -> None:
    command = ["cargo", "tree", "--locked", "--package=flask-session-core", "--edges=normal", "--prefix=none"]
    tree = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "flask-session-core" in tree
    assert "tokio" not in tree


def test_core_names_its_runtime_where_it_drives_one_only() -> None:
    hosts = {"hosted.rs", "lanes.rs", "shared.rs"}
    sources = [path for path in files(".rs") if name_of(path).startswith("crates/core/src/")]
    assert {path.name for path in sources if "tokio" in path.read_text()} == hosts


def test_the_search_for_dependencies_finds_them() -> None:
    assert {"flask-session-core", "flask-session-stores", "pyo3", "redis"} <= reached_from("python")


@pytest.mark.parametrize("room", sorted(UNSPOKEN.keys() & rooms()))
def test_a_room_does_not_name_what_belongs_to_another(room: str) -> None:
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in files(".rs")
        if name_of(path).startswith(f"crates/{room}/src/")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(UNSPOKEN[room], line)
    ]
    assert found == []


def test_the_package_needs_nothing_but_flask() -> None:
    absent = ["redis", "msgspec", "cachelib", "pymongo", "sqlalchemy", "flask_sqlalchemy", "boto3", "gevent"]
    program = f"import sys; sys.modules.update(dict.fromkeys({absent})); import flask_session.sessions"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
