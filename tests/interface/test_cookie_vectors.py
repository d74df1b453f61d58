"""`vectors/cookies.json` is what Flask writes; `crates/tower` writes the same."""

from __future__ import annotations

import inspect
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

from flask_session import ServerSideSessionInterface

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "cookies.json").read_text())
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)


@pytest.mark.skipif(
    "partitioned" not in inspect.signature(Response.set_cookie).parameters,
    reason="an older Werkzeug writes some of them differently",
)
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: json.dumps(vector["settings"]))
def test_a_vector_is_what_flask_writes(vector: dict[str, Any]) -> None:
    app = Flask(__name__)
    app.config.update(vector["settings"])
    interface = ServerSideSessionInterface()
    attributes = interface._cookie_attributes(app)
    name = interface.get_cookie_name(app)
    expires = NOW + app.permanent_session_lifetime
    assert dump_cookie(name, "ID", expires=expires, **attributes) == vector["permanent"]
    assert dump_cookie(name, "ID", **attributes) == vector["until the browser closes"]
    response = Response()
    interface._delete_cookie(app, response)
    assert response.headers["Set-Cookie"] == vector["deleted"]
