"""Where the time of one request on Redis goes, on both sides."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import backends
import sides
from payloads import SMALL
from report import Spread, spread

SECONDS = 0.5
NAMES = {"rival": "0.8.0", "ours": "ours"}
CASES = {"read": "read, due", "modify": "modify"}
# What each needs of the server, as limits.py has it: 0.8.0 reads and writes in any case.
EXCHANGES = {("ours", "read"): "read"}


@dataclass
class Line:
    """One kind of request on one side: microseconds."""

    request: str
    side: str
    parts: dict[str, Spread]
    whole: Spread

    def __str__(self) -> str:
        parts = "  ".join(f"{name} {part.median:.1f}" for name, part in self.parts.items())
        return f"layers {self.request:10} {self.side:6} {parts}  in all {self.whole}"


def split(found: dict[str, float], exchange: float) -> dict[str, float]:
    """One round's parts, which add up to the whole."""
    parts = {
        "server and network": exchange,
        "client": found["client"] - exchange,
        "codec": found["codec"],
        "Set-Cookie": found["whole"] - found["without cookie"],
    }
    return {**parts, "rest": found["whole"] - sum(parts.values())}


def measure(rounds: int, *, quick: bool) -> list[Line]:
    """Each kind of request on each side, taking turns."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    wholes: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        url = stack.enter_context(backends.server("redis"))
        program: list[str | Path] = [sides.PYTHON, "-W", "ignore", sides.HERE / "parts.py"]
        processes = {side: sides.Process(side, program) for side in NAMES}
        processes["limit"] = sides.Process("limit")
        for process in processes.values():
            stack.callback(process.stop)
            process.ask({"open": "site", "url": url})
        seconds = SECONDS / 4 if quick else SECONDS
        for number in range(rounds):
            for case in CASES:
                for side in NAMES:
                    # The exchange belongs to the same moment as the request.
                    task = {"round": "site", "processor": number}
                    exchange = {"case": EXCHANGES.get((side, case), "modify"), "size": SMALL}
                    bare = processes["limit"].ask({**task, **exchange, "seconds": seconds / 4})
                    parts = processes[side].ask({**task, "case": case, "seconds": seconds})
                    found.setdefault((case, side), []).append(split(parts, bare["median"]))
                    wholes.setdefault((case, side), []).append(parts["whole"])
    lines = [
        Line(
            CASES[case],
            NAMES[side],
            {name: spread([one[name] for one in all_rounds]) for name in all_rounds[0]},
            spread(wholes[case, side]),
        )
        for (case, side), all_rounds in found.items()
    ]
    for line in lines:
        print(line, flush=True)
    return lines
