"""A cachelib cache is asked for the same things by Flask-Session 0.8.0 and by us."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from compat.conftest import interpreter

if TYPE_CHECKING:
    from pathlib import Path

PROBE = """
import json, sys
from cachelib import SimpleCache
from flask import Flask, session
from flask_session import Session

asked = []

class Watched(SimpleCache):
    def get(self, *args, **kwargs):
        asked.append(["get", args, kwargs])
        return super().get(*args, **kwargs)
    def set(self, *args, **kwargs):
        asked.append(["set", args, kwargs])
        return super().set(*args, **kwargs)
    def delete(self, *args, **kwargs):
        asked.append(["delete", args, kwargs])
        return super().delete(*args, **kwargs)

app = Flask("watched")
app.config.update(json.loads(sys.argv[1]), SESSION_TYPE="cachelib", SESSION_CACHELIB=Watched())
Session(app)
app.add_url_rule("/put", "put", lambda: session.update(cart=[1], name="ann") or session.sid)
app.add_url_rule("/append", "append", lambda: session["cart"].append(2) or "")
app.add_url_rule("/assign", "assign", lambda: session.update(name="bob") or "")
app.add_url_rule("/see", "see", lambda: repr(sorted(session.items())))
app.add_url_rule("/none", "none", lambda: "")
app.add_url_rule("/renew", "renew", lambda: app.session_interface.regenerate(session) or session.sid)
app.add_url_rule("/clear", "clear", lambda: session.clear() or "")
browser = app.test_client()
first = browser.get("/put").text
seen = [browser.get(path).text for path in sys.argv[2:]]
renewed = browser.get("/renew").text
browser.get("/clear")
print(json.dumps([asked, seen]).replace(first, "<first>").replace(renewed, "<renewed>"))
"""
EVERYTHING = ["/see", "/none", "/append", "/see", "/assign", "/see"]


@pytest.mark.parametrize(
    ("config", "visits"),
    [
        ({}, EVERYTHING),
        ({"SESSION_KEY_PREFIX": "p:", "SESSION_PERMANENT": False}, EVERYTHING),
        ({"PERMANENT_SESSION_LIFETIME": 90}, EVERYTHING),
        # Not the nested change: here 0.8.0 loses it.
        ({"SESSION_REFRESH_EACH_REQUEST": False}, ["/see", "/none", "/assign", "/see"]),
    ],
    ids=["as it is", "not permanent", "short-lived", "without refresh"],
)
def test_a_cache_gets_the_calls_that_0_8_0_makes(
    tmp_path: Path, config: dict[str, object], visits: list[str]
) -> None:
    told = {}
    for release in ("0.8.0", "ours"):
        command = [interpreter(release), "-W", "ignore", "-c", PROBE, json.dumps(config), *visits]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        told[release] = json.loads(done.stdout)
    assert told["ours"] == told["0.8.0"]
    assert len(told["ours"][0]) > len(visits)
