"""What a worker pays before its first request: time to import and set up, and memory, in fresh processes."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

import backends
import sides
from report import Spread, spread

PROGRAM = """
import json, resource, sys, time
import flask
begin = time.perf_counter()
from flask_session import Session
{client}
app = flask.Flask("site")
app.config.update(SESSION_TYPE="redis", SESSION_REDIS={value})
Session(app)
@app.route("/")
def page():
    flask.session["a"] = 1
    return ""
assert app.test_client().get("/").status_code == 200
seconds = time.perf_counter() - begin
pages = int(open("/proc/self/statm").read().split()[1])
print(json.dumps([seconds * 1e3, pages * resource.getpagesize() / 1e6]))
"""


@dataclass
class Line:
    """One way to configure: milliseconds and megabytes of fresh processes."""

    way: str
    rival_ms: Spread
    ours_ms: Spread
    rival_mb: Spread
    ours_mb: Spread
    time_ratio: Spread
    memory_ratio: Spread
    """Ours to 0.8.0's: less is better."""

    def __str__(self) -> str:
        rival = f"0.8.0 {self.rival_ms.median:.0f} ms, {self.rival_mb.median:.1f} MB"
        ours = f"ours {self.ours_ms.median:.0f} ms, {self.ours_mb.median:.1f} MB"
        ratios = f"{self.time_ratio} x the time, {self.memory_ratio} x the memory"
        return f"first request {self.way:10} {rival}  {ours}  {ratios}"


def once(side: str, client: str, value: str) -> list[float]:
    program = PROGRAM.format(client=client, value=value)
    command = [sides.PYTHON, "-W", "ignore", "-c", program]
    done = subprocess.run(command, env=sides.environment(side), capture_output=True, text=True, check=True)
    figures: list[float] = json.loads(done.stdout)
    return figures


def measure(rounds: int, *, quick: bool) -> list[Line]:
    """By URL, which 0.8.0 can't: there it stands beside its client object; and with the client object."""
    lines = []
    with backends.server("redis") as url:
        theirs = ("import redis", f"redis.Redis.from_url({url!r})")
        for way, own in (("by URL", ("", repr(url))), ("by object", theirs)):
            taken = [(once("rival", *theirs), once("ours", *own)) for _ in range(rounds if quick else 21)]
            lines.append(
                Line(
                    way,
                    *(spread([pair[side][0] for pair in taken]) for side in (0, 1)),
                    *(spread([pair[side][1] for pair in taken]) for side in (0, 1)),
                    *(spread([pair[1][what] / pair[0][what] for pair in taken]) for what in (0, 1)),
                )
            )
            print(lines[-1], flush=True)
    return lines
