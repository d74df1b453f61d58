"""Measures Flask-Session 0.8.0 and us, taking turns on the same servers, and how far the limit is.

Usage: make bench [QUICK=1] [ONLY="redis files-1"]

A round runs one case for a moment on 0.8.0, then on us, then on the bare socket. Its ratio compares times of
the same second, so what the machine does meanwhile cancels out; shown are the median of all rounds' ratios
and their quartiles. Writes benches/results/.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import dataclass

import coding
import report
import served
import sides
import starting
from plan import PLAN, QUICK, QUICK_CASES, Case


@dataclass
class Effort:
    rounds: int
    seconds: float


def measure(name: str, cases: list[Case], effort: Effort) -> list[report.Row]:
    """All cases on one store."""
    start, _ = PLAN[name]
    rows = []
    with ExitStack() as stack:
        backend = stack.enter_context(start())
        processes = {}
        for side in ("rival", "ours", *(["limit"] if backend.limit else [])):
            processes[side] = process = sides.Process(side)
            stack.callback(process.stop)
            if side == "limit":
                process.ask({"open": "usual", "url": backend.limit})
                continue
            if backend.sessions > 1:
                process.ask({"open": "fill", **backend.opening(side, SESSION_FILE_THRESHOLD=10**9)})
                process.ask({"fill": "fill", "sessions": backend.sessions})
            process.ask({"open": "usual", **backend.opening(side)})
            due = {"SESSION_TOUCH_INTERVAL": 0} if side == "ours" else {}
            process.ask({"open": "due", **backend.opening(side, **due)})
        for case in cases:
            rounds: dict[str, list[dict[str, float]]] = {side: [] for side in processes}
            for _ in range(effort.rounds):
                for side, process in processes.items():
                    if side == "limit" and (case.threads > 1 or case.kind == "nobody"):
                        continue
                    task = {"round": "due" if case.due and side != "limit" else "usual", "case": case.kind}
                    task |= {"size": case.size, "threads": case.threads, "seconds": effort.seconds}
                    rounds[side].append(process.ask(task))
            rows.append(report.row(name, backend.name, case, rounds))
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    others = {"codec": coding.measure, "served": served.measure, "starting": starting.measure}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("only", nargs="*", metavar="WHAT", help=", ".join([*PLAN, *others]))
    parser.add_argument("--quick", action="store_true", help="fewer cases, rounds and stores; five minutes")
    options = parser.parse_args()
    for name in options.only:
        if name not in PLAN and name not in others:
            parser.error(f"unknown: {name}; known: {', '.join([*PLAN, *others])}")
    sides.prepare()
    effort = Effort(3, 0.15) if options.quick else Effort(11, 0.4)
    result = report.Result()
    for name, (_, cases) in PLAN.items():
        if name not in (options.only or (QUICK if options.quick else PLAN)):
            continue
        wanted = [case for case in cases if not options.quick or case in QUICK_CASES]
        result.rows += measure(name, wanted, effort)
    for name, other in others.items():
        if not options.only or name in options.only:
            setattr(result, name, other(effort.rounds, quick=options.quick))
    kind = "quick" if options.quick else "part" if options.only else "whole"
    report.write(result, kind)


if __name__ == "__main__":
    main()
