"""Requests for callgrind to count: runs under it with one side's release.

Usage: counted.py REDIS_URL CALLS

Prints a line for each case. Each case is announced by a call of the system's `getloadavg`, and so is its end:
callgrind is told to write down there what it has counted.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any

from payloads import SMALL
from worker import Site, environ_of

if TYPE_CHECKING:
    from collections.abc import Callable

BARE = "no session"
CASES = [("read", False), ("read", True), ("modify", False), ("new", False), ("untouched", False)]
CASES += [("untouched", True), ("nobody", False)]


def opened(url: str, **config: Any) -> Site:
    return Site({"SESSION_TYPE": "redis", **config}, ["redis", url])


def bare(site: Site, environ: dict[str, Any]) -> None:
    """What a request costs without a session, made as a site makes it."""
    site.app.request_class(dict(environ))
    site.app.response_class("x")
    with site.app.app_context():
        pass


def count(name: str, call: Callable[[], Any], calls: int) -> None:
    for _ in range(3):
        call()
    gc.collect()
    os.getloadavg()
    for _ in range(calls):
        call()
    os.getloadavg()
    print(name, flush=True)


def main() -> None:
    url, calls = sys.argv[1], int(sys.argv[2])
    usual, due = opened(url), opened(url, SESSION_TOUCH_INTERVAL=0)
    gc.disable()
    environ = environ_of(None)
    count(BARE, lambda: bare(usual, environ), calls)
    for case, is_due in CASES:
        site = due if is_due else usual
        count(f"{case}, due" if is_due else case, site.operation(case, SMALL, 0), calls)


if __name__ == "__main__":
    main()
