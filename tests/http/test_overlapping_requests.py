"""Overlapping requests of one browser: what each of them did survives, and a log-out is final."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actions import announce, assign, log_out, nothing, put, renew, see, see_all, show_messages, take
from flask import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from site_under_test import Browser, Site

REFRESH = pytest.mark.parametrize("refresh", [True, False], ids=["refresh", "no_refresh"])
SLOW = pytest.mark.parametrize(
    ("before", "after"),
    [
        (see("user"), nothing),
        (see("user"), put(late=True)),
        (nothing, see("user")),
        (put(early=True), nothing),
    ],
    ids=["reader", "writer", "late_reader", "early_writer"],
)


@pytest.fixture
def ann(site: Site) -> Browser:
    """A browser with a session."""
    browser = site.browser()
    browser.visit(put(user="ann", admin=False))
    assert browser.cookie is not None
    return browser


def test_two_overlapping_writers_of_different_keys_keep_both(ann: Browser) -> None:
    with ann.slow(put(slow=1), nothing) as slow:
        ann.visit(put(fast=2))
    assert slow.answer.status == 200
    assert ann.visit(see_all).body == repr({"admin": False, "fast": 2, "slow": 1, "user": "ann"})


def test_overlapping_writers_of_a_large_session_keep_both(ann: Browser) -> None:
    ann.visit(put(large="x" * 100_000, list=list(range(5000))))
    with ann.slow(put(slow=1), nothing):
        ann.visit(put(fast=2))
    with ann.slow(lambda: session["list"].append("slow"), nothing):
        ann.visit(take("large"))
    see_sizes = ann.visit(lambda: (sorted(session), len(session["list"]), session["list"][-1]))
    assert see_sizes.body == repr((["_permanent", "admin", "fast", "list", "slow", "user"], 5001, "slow"))


def test_many_overlapping_writers_keep_all_their_keys(ann: Browser) -> None:
    with ann.slow(put(a=1), nothing), ann.slow(see("user"), put(b=2)), ann.slow(take("admin"), nothing):
        ann.visit(put(c=3))
    assert ann.visit(see_all).body == repr({"a": 1, "b": 2, "c": 3, "user": "ann"})


def test_a_slow_reader_never_undoes_a_write(ann: Browser) -> None:
    with ann.slow(see("user"), see("user")) as slow:
        ann.visit(put(user="bob"))
    assert slow.answer.body == "'ann'"
    assert ann.visit(see("user")).body == "'bob'"


def test_a_slow_writer_never_brings_back_what_another_request_deleted(ann: Browser) -> None:
    with ann.slow(put(slow=1), nothing):
        ann.visit(take("admin"))
    assert ann.visit(see_all).body == repr({"slow": 1, "user": "ann"})


def test_nested_changes_of_different_keys_keep_both(ann: Browser) -> None:
    ann.visit(put(cart=[], seen=[]))
    with ann.slow(lambda: session["cart"].append("pen"), nothing):
        ann.visit(lambda: session["seen"].append("page"))
    assert ann.visit(lambda: (session["cart"], session["seen"])).body == "(['pen'], ['page'])"


@SLOW
def test_a_log_out_during_a_slow_request_is_final(
    ann: Browser, site: Site, before: Callable[[], Any], after: Callable[[], Any]
) -> None:
    old = ann.cookie
    with ann.slow(before, after) as slow:
        assert ann.visit(log_out).set_cookie is not None
        assert ann.cookie is None
    assert slow.answer.status == 200
    assert slow.answer.set_cookie is None
    assert site.browser(old).visit(see_all).body == "{}"


@SLOW
def test_a_renewal_during_a_slow_request_leaves_the_old_id_dead(
    ann: Browser, site: Site, before: Callable[[], Any], after: Callable[[], Any]
) -> None:
    old = ann.cookie
    with ann.slow(before, after) as slow:
        ann.visit(renew)
        assert ann.cookie not in (None, old)
    assert slow.answer.status == 200
    assert slow.answer.set_cookie is None
    assert site.browser(old).visit(see_all).body == "{}"
    assert ann.visit(see("user")).body == "'ann'"


@pytest.mark.parametrize("end", [log_out, renew])
def test_a_reader_that_has_extended_a_life_sends_no_cookie_of_what_has_ended_meanwhile(
    open_site: Callable[..., Site], store: dict[str, Any], end: Callable[[], None]
) -> None:
    browser = open_site(**store, SESSION_TOUCH_INTERVAL=0).browser()
    browser.visit(put(user="ann"))
    with browser.slow(see("user"), nothing) as slow:
        browser.visit(end)
    assert (slow.answer.status, slow.answer.set_cookie) == (200, None)


def test_a_slow_renewal_takes_along_what_another_request_wrote(ann: Browser, site: Site) -> None:
    old = ann.cookie
    with ann.slow(renew, nothing) as slow:
        ann.visit(put(fast=2))
    renewed = slow.browser.cookie
    assert renewed not in (None, old)
    assert site.browser(renewed).visit(see_all).body == repr({"admin": False, "fast": 2, "user": "ann"})
    assert site.browser(old).visit(see_all).body == "{}"


def test_a_log_out_during_a_slow_renewal_is_final(ann: Browser, site: Site) -> None:
    old = ann.cookie
    with ann.slow(put(early=True), renew) as slow:
        ann.visit(log_out)
    assert slow.answer.status == 200
    assert slow.answer.set_cookie is None
    assert site.browser(old).visit(see_all).body == "{}"


@pytest.mark.parametrize("last", ["ann", "bob"])
def test_two_racing_log_ins_leave_one_whole(ann: Browser, last: str) -> None:
    ann.visit(assign(user="nobody", admin=False))
    # bob's admin=False is what is stored already, and must still come with his name.
    log_ins = {"ann": assign(user="ann", admin=True), "bob": assign(user="bob", admin=False)}
    first = "bob" if last == "ann" else "ann"
    with ann.slow(log_ins[last], nothing):
        ann.visit(log_ins[first])
    assert ann.visit(see_all).body == repr({"admin": last == "ann", "user": last})


def test_clearing_and_logging_in_leaves_nothing_of_the_other_log_in(ann: Browser) -> None:
    def begin_anew() -> None:
        session.clear()
        session["user"] = "bob"

    with ann.slow(begin_anew, nothing):
        ann.visit(put(secret="of ann"))
    assert ann.visit(see_all).body == repr({"user": "bob"})


def test_a_session_emptied_by_its_last_message_keeps_what_another_request_added(site: Site) -> None:
    browser = site.browser()
    browser.visit(announce("hello"))
    with browser.slow(show_messages, nothing) as slow:
        browser.visit(put(user="ann"))
    assert slow.answer.status == 200
    assert browser.visit(see_all).body == repr({"user": "ann"})
    # The browser of the slow request is the same one: its cookie must have survived too.
    assert slow.browser.visit(see_all).body == repr({"user": "ann"})


@REFRESH
def test_a_nested_change_persists(
    open_site: Callable[..., Site], store: dict[str, Any], refresh: bool
) -> None:
    browser = open_site(**store, SESSION_REFRESH_EACH_REQUEST=refresh).browser()
    browser.visit(put(cart=[]))
    browser.visit(lambda: session["cart"].append({"pen": 1}))
    browser.visit(lambda: session["cart"][0].update(pen=2))
    assert browser.visit(see("cart")).body == "[{'pen': 2}]"
