"""Requests per second through gunicorn, with one worker, under wrk: no session, Flask's own, 0.8.0's, ours.

All servers run from the beginning; those that aren't asked do nothing. Rounds take turns.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import backends
import payloads
import sides
from effort import SERVED
from report import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
VISITORS = 64
WORKERS = {"sync": ["--worker-class=sync"], "gthread": ["--worker-class=gthread", "--threads=8"]}
SITES = {"no session": ("none", "rival"), "cookie": ("cookie", "rival")}
SITES |= {"0.8.0": ("sessions", "rival"), "ours": ("sessions", "ours")}


@dataclass
class Line:
    """One kind of request: requests per second."""

    worker: str
    page: str
    per_second: dict[str, Spread]
    ratio: Spread
    """Ours to 0.8.0's, in the same round."""
    of_no_session: Spread
    """Ours to a page without session, in the same round."""

    def __str__(self) -> str:
        rates = "  ".join(f"{name} {rate.median:.0f}/s" for name, rate in self.per_second.items())
        share = f"{100 * self.of_no_session.median:.0f} % of no session"
        return f"gunicorn {self.worker:8} {self.page:7} {rates}  x {self.ratio}, {share}"


class Served:
    """One site under gunicorn, and its visitors' cookies."""

    def __init__(self, site: str, side: str, worker: list[str], redis_url: str) -> None:
        # Kept bound, so that the port stays ours until gunicorn has the socket.
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        number = self.listener.fileno()
        content = json.dumps(payloads.session(payloads.SMALL))
        self.process = subprocess.Popen(
            [
                *(sides.PYTHON, "-m", "gunicorn", *worker, "--workers=1"),
                *(f"--bind=fd://{number}", "--keep-alive=30", "--log-level=error", "served_site:app"),
            ],
            env={**sides.environment(side), "SITE": site, "REDIS_URL": redis_url, "CONTENT": content},
            pass_fds=[number],
            cwd=HERE,
        )
        self.cookies = [] if site == "none" else [self.begin() for _ in range(VISITORS)]

    def begin(self) -> str:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/begin", timeout=60) as answer:
                    return str(answer.headers["Set-Cookie"]).partition(";")[0]
            except ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def per_second(self, page: str, seconds: float) -> float:
        """What wrk counts; any answer but 200 is an error."""
        path = "/none" if not self.cookies else f"/{page}"
        load = ["wrk", "-t1", "-c8", f"-d{seconds:.0f}s", "-s", HERE / "visitors.lua", self.url + path]
        done = subprocess.run([*load, "--", *self.cookies], capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise RuntimeError(done.stdout)
        found = re.search(r"Requests/sec: +([\d.]+)", done.stdout)
        assert found is not None, done.stdout
        return float(found[1])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.listener.close()


@contextmanager
def all_sites(worker: str) -> Iterator[dict[str, Served]]:
    with ExitStack() as stack:
        url = stack.enter_context(backends.server("redis"))
        served = {}
        for number, (name, (site, side)) in enumerate(SITES.items()):
            database = url.removesuffix("/0") + f"/{number}"
            served[name] = Served(site, side, WORKERS[worker], database)
            stack.callback(served[name].stop)
        yield served


def measure(rounds: int, *, quick: bool) -> list[Line]:  # noqa: ARG001 - wrk counts whole seconds
    """Every kind of worker and page."""
    lines = []
    for worker in WORKERS:
        with all_sites(worker) as sites:
            for page in ("read", "modify"):
                rates: dict[str, list[float]] = {name: [] for name in sites}
                for _ in range(rounds):
                    for name, site in sites.items():
                        rates[name].append(site.per_second(page, SERVED.seconds))
                ratios = {
                    other: spread(
                        [ours / theirs for ours, theirs in zip(rates["ours"], rates[other], strict=True)]
                    )
                    for other in ("0.8.0", "no session")
                }
                lines.append(
                    Line(
                        worker,
                        page,
                        {name: spread(all_rounds) for name, all_rounds in rates.items()},
                        ratios["0.8.0"],
                        ratios["no session"],
                    )
                )
                print(lines[-1], flush=True)
    return lines
