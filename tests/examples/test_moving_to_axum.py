"""The guide on moving a route: cargo compiles its Rust; its settings and dependencies are tried here."""

from __future__ import annotations

import re
from pathlib import Path

import flask
import pytest
import tomllib

from cargo import metadata
from flask_session import Session

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "moving-to-axum.md").read_text()
BLOCKS = re.findall(r"^```([\w,]+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_every_block_is_tried_here_or_compiled() -> None:
    assert [language for language, _ in BLOCKS] == ["toml", "text", "rust,no_run"]


def test_the_dependencies_exist_with_their_features() -> None:
    packages = {package["name"]: package for package in metadata()["packages"]}
    wanted = tomllib.loads(BLOCKS[0][1])["dependencies"]
    for name, entry in wanted.items():
        dependency = {"version": entry} if isinstance(entry, str) else entry
        package = packages[name]
        assert set(dependency.get("features", ())) <= set(package["features"]), name
        if "path" in dependency:
            manifest = ROOT / dependency["path"].removeprefix("flask-session-rs/") / "Cargo.toml"
            assert package["manifest_path"] == str(manifest)
        else:
            assert package["version"].startswith(f"{dependency['version']}.")


def test_flask_takes_the_settings_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for line in BLOCKS[1][1].splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value.replace("/var/lib/shop", str(tmp_path)))
    app = flask.Flask("shop")
    app.config.from_prefixed_env()
    Session(app)
    app.add_url_rule("/", "log_in", lambda: flask.session.update(user="ann") or "")
    answer = app.test_client().get("/", base_url="https://shop.example")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert any(path.is_file() for path in (tmp_path / "sessions").rglob("*"))
