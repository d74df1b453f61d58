"""Runs Flask-Session 0.8.0 and us through the same races and faults, and prints a table for the docs.

Usage: python dev/rival.py [--trials TRIALS]

Each trial of a race is a user of its own, and two requests that overlap by construction. A fault is a store
that breaks while a user visits a page. Fails if we lose anything; what 0.8.0 loses is only told.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from compat.raced_site import RacedBrowser, RacedSite  # noqa: E402
from database_servers import PostgresqlServer  # noqa: E402
from redis_server import RedisServer  # noqa: E402

RELEASES = ("0.8.0", "ours")
HANG = 20.0
"""Seconds after which a page counts as hanging; our limit for an operation is 5 s or less."""
VISITS = 10

Race = Callable[[RacedBrowser], bool]


def reader_and_writer(ann: RacedBrowser) -> bool:
    with ann.slowly([["look"]], []):
        ann.do(["put", {"cart": 1}])
    return ann.do().get("cart") != 1


def two_writers(ann: RacedBrowser) -> bool:
    with ann.slowly([["put", {"slow": 1}]], []):
        ann.do(["put", {"fast": 1}])
    return not {"slow", "fast"} <= ann.do().keys()


def two_log_ins(ann: RacedBrowser) -> bool:
    """Who isn't an administrator is one now."""
    ann.do(["put", {"user": "nobody", "admin": False}])
    with ann.slowly([["put", {"user": "root", "admin": True}]], []):
        ann.do(["put", {"user": "eve", "admin": False}])
    return ann.do() not in ({"user": "root", "admin": True}, {"user": "eve", "admin": False})


def logout_and_reader(ann: RacedBrowser) -> bool:
    old = ann.cookie
    with ann.slowly([["look"]], []):
        ann.do(["log out"])
    return bool(RacedBrowser(ann.site, old).do())


def logout_and_writer(ann: RacedBrowser) -> bool:
    old = ann.cookie
    with ann.slowly([["put", {"slow": 1}]], []):
        ann.do(["log out"])
    return bool(RacedBrowser(ann.site, old).do())


def renewal_and_reader(ann: RacedBrowser) -> bool:
    old = ann.cookie
    with ann.slowly([["look"]], []):
        ann.do(["renew"])
    return bool(RacedBrowser(ann.site, old).do())


def cookie_of_a_renewed_id(ann: RacedBrowser) -> bool:
    """The browser is sent back to the id that it had before."""
    old = ann.cookie
    with ann.slowly([["look"]], []) as slow:
        slow.cookie = None
        ann.do(["renew"])
    return slow.cookie == old


def failing_view(ann: RacedBrowser) -> bool:
    before = ann.site.rows()
    ann.do(["put", {"n": 1}], ["add a row and fail"])
    return ann.site.rows() != before


def nested_change(ann: RacedBrowser) -> bool:
    ann.do(["put", {"cart": []}])
    ann.do(["append", 1])
    return ann.do().get("cart") != [1]


RACES: dict[str, Race] = {
    "a page that only reads, beside one that writes: the write is lost": reader_and_writer,
    "two pages write different keys: one is lost": two_writers,
    "two log-ins: one's name with the other's rights": two_log_ins,
    "a log-out beside a page that reads: the old cookie is logged in": logout_and_reader,
    "a log-out beside a page that writes: the old cookie is logged in": logout_and_writer,
    "a renewal beside a page that reads: the old id lives": renewal_and_reader,
    "a renewal beside a page that reads: the page sends the old id's cookie": cookie_of_a_renewed_id,
}
UNREFRESHED: dict[str, Race] = {
    "`SESSION_REFRESH_EACH_REQUEST = False`, two pages write different keys: one is lost": two_writers,
    "`SESSION_REFRESH_EACH_REQUEST = False`, a change inside a value: it is lost": nested_change,
}
TRANSACTIONS: dict[str, Race] = {
    "a view adds a row to `db.session` and raises: the row is committed": failing_view,
}


def run_races(title: str, settings: dict, races: dict[str, Race], trials: int) -> tuple[list[str], int]:
    """A row of the table for each race, and how often we lost."""
    sites = [RacedSite(release, **settings) for release in RELEASES]
    rows, lost = [], 0
    try:
        for name, race in races.items():
            counts = []
            for site in sites:
                users = (RacedBrowser(site) for _ in range(trials))
                counts.append(sum(race(logged_in(user)) for user in users))
            lost += counts[-1]
            rows.append(f"| {title} | {name} | {counts[0]} of {trials} | {counts[1]} of {trials} |")
            print(rows[-1], flush=True)
    finally:
        for site in sites:
            site.stop()
    return rows, lost


def logged_in(browser: RacedBrowser) -> RacedBrowser:
    browser.do(["put", {"user": "ann"}])
    assert browser.cookie is not None
    return browser


@contextmanager
def stopped(server: RedisServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def spoiled(server: RedisServer) -> Iterator[None]:
    """Every record is one that nobody can read."""
    client = server.client()
    for key in client.keys("*"):
        client.set(key, b"\x81\xa1", keepttl=True)
    yield


@contextmanager
def full(server: RedisServer) -> Iterator[None]:
    client = server.client()
    client.config_set("maxmemory", "1")
    try:
        yield
    finally:
        client.config_set("maxmemory", "0")


FAULTS = {
    "the store is gone": stopped,
    "the store hangs": RedisServer.suspended,
    "the store is full": full,
    "the record is damaged": spoiled,
}
AFTER_THE_VIEW = {"the store is full"}
"""Flask asks handlers of error 500 only then."""


def run_faults(server: RedisServer) -> tuple[list[str], int]:
    """A row for each fault, and how many of our answers weren't the application's own."""
    settings = {"SESSION_TYPE": "redis", "REDIS": server.url()}
    rows, wrong = [], 0
    for name, fault in FAULTS.items():
        told = []
        for release in RELEASES:
            site = RacedSite(release, **settings)
            ann = logged_in(RacedBrowser(site))
            with fault(server):
                answers = [visited(ann) for _ in range(VISITS)]
            own, longest = (
                sum(status in (200, 503) for status, _ in answers),
                max(took for _, took in answers),
            )
            told.append(f"{own} of {VISITS}, {waited(longest)}")
            wrong += (VISITS - own) * (release == "ours" and name not in AFTER_THE_VIEW)
            # A thread that still waits for the store would hold up a site that is asked to stop.
            site.process.kill()
            site.stop()
        rows.append(f"| {name} | {told[0]} | {told[1]} |")
        print(rows[-1], flush=True)
    return rows, wrong


def visited(browser: RacedBrowser) -> tuple[int, float]:
    """Status and seconds of a page that writes; 0 if there is no answer."""
    begin = time.monotonic()
    try:
        status, _, _ = browser.site.ask("/do", [["put", {"n": 1}]], browser.cookie, HANG)
    except OSError:
        status = 0
    return status, time.monotonic() - begin


def waited(seconds: float) -> str:
    return "hangs" if seconds >= HANG else f"at most {seconds:.1f} s"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=50)
    trials = parser.parse_args().trials
    subprocess.run([sys.executable, "dev/compat_environments.py", "0.8.0"], cwd=ROOT, check=True)
    redis = RedisServer().start()
    postgresql = PostgresqlServer().start()
    places = {
        "Redis": {"SESSION_TYPE": "redis", "REDIS": redis.url()},
        "PostgreSQL": {
            "SESSION_TYPE": "sqlalchemy",
            "SQLALCHEMY_DATABASE_URI": postgresql.url(postgresql.new_database()),
        },
    }
    tried = lost = 0
    try:
        for title, settings in places.items():
            races = {**RACES, **(TRANSACTIONS if title == "PostgreSQL" else {})}
            refreshing = {**settings, "SESSION_REFRESH_EACH_REQUEST": True}
            still = {**settings, "SESSION_REFRESH_EACH_REQUEST": False}
            for config, some in ((refreshing, races), (still, UNREFRESHED)):
                rows, ours = run_races(title, config, some, trials)
                tried += trials * len(rows)
                lost += ours
        _, wrong = run_faults(redis)
    finally:
        redis.stop()
        postgresql.remove()
    print(f"figures: races: {tried:,} of each release, we lost {lost}")
    pages = VISITS * len(FAULTS)
    print(
        f"figures: pages while a store is broken: {pages} of each, {wrong} of ours not the app's own answer"
    )
    return 1 if lost or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
