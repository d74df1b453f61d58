"""Many requests of one browser at once: none of them undoes another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from actions import log_out, put, renew, see_all
from flask import session

if TYPE_CHECKING:
    from site_under_test import Site

BROWSERS = 6
ROUNDS = 12


def test_writers_of_different_keys_all_at_once_lose_nothing(site: Site) -> None:
    ann = site.browser()
    ann.visit(put(user="ann"))
    together = threading.Barrier(BROWSERS)

    def write(number: int) -> None:
        browser = site.browser(ann.cookie)
        together.wait(120)
        for turn in range(ROUNDS):
            assert browser.visit(put(**{f"key-{number}-{turn}": turn})).status == 200

    with ThreadPoolExecutor(BROWSERS) as pool:
        list(pool.map(write, range(BROWSERS)))
    expected = {f"key-{number}-{turn}": turn for number in range(BROWSERS) for turn in range(ROUNDS)}
    assert ann.visit(see_all).body == repr(dict(sorted({"user": "ann", **expected}.items())))


def test_a_log_out_among_many_writers_is_final(site: Site) -> None:
    for _ in range(3):
        ann = site.browser()
        ann.visit(put(user="ann"))
        old = ann.cookie
        together = threading.Barrier(BROWSERS)

        def write(
            number: int, cookie: str | None = old, together: threading.Barrier = together
        ) -> str | None:
            browser = site.browser(cookie)
            together.wait(120)
            browser.visit(log_out if number == 0 else put(**{f"key-{number}": number}))
            return browser.cookie

        with ThreadPoolExecutor(BROWSERS) as pool:
            cookies = set(pool.map(write, range(BROWSERS)))
        assert site.browser(old).visit(see_all).body == "{}"
        # Who came after the log-out holds an anonymous session of his own, with nothing of ann's in it.
        for cookie in cookies - {old, None}:
            assert "ann" not in site.browser(cookie).visit(see_all).body


def test_a_renewal_among_many_writers_loses_neither_the_session_nor_what_came_before_it(site: Site) -> None:
    for _ in range(3):
        ann = site.browser()
        ann.visit(put(user="ann"))
        old = ann.cookie
        together = threading.Barrier(BROWSERS)

        def write(
            number: int, cookie: str | None = old, together: threading.Barrier = together
        ) -> tuple[int, str]:
            browser = site.browser(cookie)
            together.wait(120)
            if number == 0:
                browser.visit(renew)
            else:
                browser.visit(lambda: session.get("user") and put(**{f"key-{number}": number})())
            return number, browser.cookie or ""

        with ThreadPoolExecutor(BROWSERS) as pool:
            cookies = dict(pool.map(write, range(BROWSERS)))
        assert site.browser(old).visit(see_all).body == "{}"
        assert "'user': 'ann'" in site.browser(cookies[0]).visit(see_all).body
        # Nobody was given the old id anew, and nobody but the renewal a new one.
        assert {cookies[number] for number in range(1, BROWSERS)} <= {old}
