"""With SESSION_ON_CONFLICT = "overwrite" the later save replaces the whole session, as in 0.8.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actions import log_out, nothing, put, renew, see, see_all
from flask import session
from merging import MERGING, OVERWRITING

if TYPE_CHECKING:
    from collections.abc import Callable

    from site_under_test import Browser, Site


@pytest.fixture
def ann(open_site: Callable[..., Site], store: dict[str, Any]) -> Browser:
    browser = open_site(**store, SESSION_ON_CONFLICT="overwrite").browser()
    browser.visit(put(user="ann"))
    return browser


ALSO_CACHELIB = pytest.mark.parametrize("store", [*MERGING, *OVERWRITING], indirect=True)


@ALSO_CACHELIB
def test_the_later_writer_replaces_the_earlier_ones_session(ann: Browser) -> None:
    with ann.slow(put(slow=1), nothing):
        ann.visit(put(fast=2))
    assert ann.visit(see_all).body == repr({"slow": 1, "user": "ann"})


def test_a_reader_still_writes_nothing(ann: Browser) -> None:
    with ann.slow(see("user"), nothing):
        ann.visit(put(fast=2))
    assert ann.visit(see_all).body == repr({"fast": 2, "user": "ann"})


def test_the_later_nested_change_replaces_the_earlier_one(ann: Browser) -> None:
    ann.visit(put(cart=[], seen=[]))
    with ann.slow(lambda: session["cart"].append("pen"), nothing):
        ann.visit(lambda: session["seen"].append("page"))
    assert ann.visit(lambda: (session["cart"], session["seen"])).body == "(['pen'], [])"


@pytest.mark.parametrize("end", [log_out, renew])
def test_a_slow_reader_brings_back_nothing_that_has_ended(ann: Browser, end: Callable[[], None]) -> None:
    old = ann.cookie
    with ann.slow(see("user"), nothing) as slow:
        ann.visit(end)
    assert (slow.answer.status, slow.answer.set_cookie) == (200, None)
    assert ann.site.browser(old).visit(see_all).body == "{}"


def test_a_slow_writer_stores_the_old_id_again_after_a_renewal(ann: Browser) -> None:
    old = ann.cookie
    with ann.slow(put(slow=1), nothing):
        ann.visit(renew)
    assert ann.visit(see_all).body == repr({"user": "ann"})
    assert ann.site.browser(old).visit(see_all).body == repr({"slow": 1, "user": "ann"})


@ALSO_CACHELIB
def test_a_slow_writer_stores_the_session_again_after_a_log_out(ann: Browser) -> None:
    old = ann.cookie
    with ann.slow(put(slow=1), nothing) as slow:
        ann.visit(log_out)
    assert slow.answer.set_cookie is not None
    assert ann.site.browser(old).visit(see_all).body == repr({"slow": 1, "user": "ann"})
