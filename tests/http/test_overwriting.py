"""With SESSION_ON_CONFLICT = "overwrite" the later save replaces the whole session, as in 0.8.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actions import log_out, nothing, put, see, see_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from site_under_test import Browser, Site


@pytest.fixture
def ann(open_site: Callable[..., Site], store: dict[str, Any]) -> Browser:
    browser = open_site(**store, SESSION_ON_CONFLICT="overwrite").browser()
    browser.visit(put(user="ann"))
    return browser


def test_the_later_writer_replaces_the_earlier_ones_session(ann: Browser) -> None:
    with ann.slow(put(slow=1), nothing):
        ann.visit(put(fast=2))
    assert ann.visit(see_all).body == repr({"slow": 1, "user": "ann"})


def test_a_reader_still_writes_nothing(ann: Browser) -> None:
    with ann.slow(see("user"), nothing):
        ann.visit(put(fast=2))
    assert ann.visit(see_all).body == repr({"fast": 2, "user": "ann"})


def test_a_slow_writer_stores_the_session_again_after_a_log_out(ann: Browser) -> None:
    old = ann.cookie
    with ann.slow(put(slow=1), nothing) as slow:
        ann.visit(log_out)
    assert slow.answer.set_cookie is not None
    assert ann.site.browser(old).visit(see_all).body == repr({"slow": 1, "user": "ann"})
