"""A record in the format that isn't configured is written whole in the configured one at its next change."""

from __future__ import annotations

from typing import Any

import pytest

from flask_session._core import Codec, Commit, Pending, Store

KEY = "session:abcdefgh"
LARGE = {"large": ["x" * 40] * 40, "tuples": [(n,) for n in range(400)]}


@pytest.mark.parametrize(("stored", "configured"), [("json", "msgpack"), ("msgpack", "json")])
def test_a_large_value_that_nobody_looked_at_changes_its_format_too(stored: str, configured: str) -> None:
    store = Store.memory()
    store.put(KEY, Codec(stored).encode({"small": 1, **LARGE}), 60)
    codec = Codec(configured)
    record = store.load(codec, KEY)
    assert record is not None
    session: dict[str, Any] = {}
    record.fill(session)
    assert isinstance(session["large"], Pending)
    session["small"] = 2
    commit = Commit(codec, session, KEY, record=record, assigned=["small"])
    store.commit(commit, 60)
    assert commit.outcome == "stored"
    assert store.get(KEY) == codec.encode({"small": 2, **LARGE})
