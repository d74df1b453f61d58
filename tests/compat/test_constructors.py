"""Interfaces made by hand as each generation made them say of themselves what they said then."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from compat.conftest import interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from redis_server import RedisServer

OLD_REDIS = "from flask_session.sessions import RedisSessionInterface as Made; "
OLD_FILES = "from flask_session.sessions import FileSystemSessionInterface as Made; "
NEW_REDIS = "from flask_session.redis import RedisSessionInterface as Made; "
NEW_FILES = "from flask_session.filesystem import FileSystemSessionInterface as Made; "
NEW_BASE = "from flask_session.base import ServerSideSessionInterface as Made; "

CALLS = {
    "0.4.0": [
        OLD_REDIS + "made = Made(client, 'p:')",
        OLD_REDIS + "made = Made(client, 'p:', True, False)",
        OLD_REDIS + "made = Made(redis=client, key_prefix='p:', use_signer=True, permanent=False)",
        OLD_FILES + "made = Made('sessions', 50, 0o600, 'p:')",
        OLD_FILES + "made = Made('sessions', 50, 0o640, 'p:', True, False)",
        OLD_FILES
        + "made = Made(cache_dir='sessions', threshold=50, mode=384, key_prefix='p:', permanent=False)",
    ],
    "0.6.0": [
        OLD_REDIS + "made = Made(client, 'p:', True, False, 16)",
        OLD_REDIS + "made = Made(client, 'p:', use_signer=False, permanent=True, sid_length=16)",
        OLD_FILES + "made = Made('sessions', 50, 0o600, 'p:', True, False, 16)",
    ],
    "0.8.0": [
        NEW_REDIS + "made = Made(app)",
        NEW_REDIS + "made = Made(app, client)",
        NEW_REDIS + "made = Made(app, client, 'p:', True, False, 16, 'json')",
        NEW_REDIS + "made = Made(app=app, client=client, key_prefix='p:', sid_length=16)",
        NEW_REDIS + "made = Made(client=client, app=app, permanent=False, serialization_format='json')",
        NEW_FILES + "made = Made(app)",
        NEW_FILES + "made = Made(app, 'p:', True, False, 16, 'json', 'sessions', 50, 0o640)",
        NEW_FILES + "made = Made(app, cache_dir='sessions', threshold=50, mode=384)",
        # an interface of an application's own, with the base class's order
        NEW_BASE
        + "Own = type('Own', (Made,), dict(_retrieve_session_data=lambda self, store_id: None, "
        + "_delete_session=lambda self, store_id: None, "
        + "_upsert_session=lambda self, session_lifetime, session, store_id: None)); "
        + "made = Own(app, 'p:', False, False, 16, 'json', 9)",
    ],
}
PROBE = """
import json, os, sys
import redis
from flask import Flask
client = redis.Redis(port=int(sys.argv[1]))
NAMES = ("key_prefix", "use_signer", "permanent", "sid_length", "has_same_site_capability", "ttl")
told = []
for call in sys.argv[2:]:
    app = Flask("made by hand")
    app.secret_key = "a secret"
    exec(call)
    app.session_interface = made
    facts = {name: getattr(made, name) for name in NAMES if hasattr(made, name)}
    facts["the client given"] = getattr(made, "client", getattr(made, "redis", None)) is client
    facts["class"] = type(made).__name__
    facts["session class"] = made.session_class.__name__
    told.append(facts)
print(json.dumps(told))
"""


@pytest.mark.parametrize(("release", "calls"), CALLS.items())
def test_an_interface_made_as_in_that_release_says_what_it_said(
    redis_server: RedisServer, tmp_path: Path, release: str, calls: list[str]
) -> None:
    told = {}
    for environment in (release, "ours"):
        command = [interpreter(environment), "-W", "ignore", "-c", PROBE, str(redis_server.port), *calls]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        told[environment] = json.loads(done.stdout)
    for call, theirs, ours in zip(calls, told[release], told["ours"], strict=True):
        # What the release had not, we may have.
        assert theirs == {name: ours.get(name) for name in theirs}, call
