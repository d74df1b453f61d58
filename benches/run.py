"""Measures Flask-Session 0.8.0 and us, taking turns on the same servers, and how far the limit is.

Usage: make bench [QUICK=1] [ONLY="redis files-1"] [AGAIN="mariadb"]

A round runs one case for a moment on 0.8.0, then on us, then on the bare socket, each beginning on the same
processor, the next round on the next one. Its ratio compares times of the same second, so what the machine
does meanwhile cancels out; shown are the median of all rounds' ratios and their quartiles.

A whole run writes benches/results/whole.json, and draws docs/performance.md from it. A quick or partial one
writes what git ignores: quick.json or part.json beside it, and its page in target/benches/. What fails is
named at the end, and doesn't stop the rest; the exit status is 1 then. AGAIN measures parts of the last whole
run once more, and puts them in their places; the page says when that was.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import coding
import drawing
import layers
import report
import rust
import served
import sides
import starting
from effort import A_SESSION, SERVED, START, effort
from plan import FILLED, PLAN, QUICK, QUICK_CASES, Case
from progress import Progress


@dataclass
class Other:
    """What is measured in a way of its own."""

    measure: Callable[..., list[Any]]
    """Takes the number of rounds, and whether the run is a quick one; returns dataclasses."""
    seconds: float
    quick_seconds: float


OTHERS = {
    "codec": Other(coding.measure, 30, 30),
    "served": Other(served.measure, SERVED.for_sides(4 * 4) + 30, 70),
    "layers": Other(layers.measure, SERVED.rounds * 4 * layers.SECONDS * 1.3 + 5, 10),
    "starting": Other(starting.measure, 80, 15),
    "rust": Other(rust.measure, SERVED.rounds * 4 * rust.SECONDS * len(rust.CASES) * 2 + 120, 15),
}
OTHER_ROUNDS = {True: 3, False: SERVED.rounds}


def expected(name: str, case: Case, *, quick: bool) -> float:
    """Seconds."""
    return effort(name, case, quick=quick).for_sides(3 if bare(name, case) else 2)


def bare(name: str, case: Case) -> bool:
    """Whether a bare socket can do what the case asks of the store."""
    reachable = name != "sqlite" and not name.startswith("files-")
    return reachable and case.threads == 1 and case.kind != "nobody"


def measure(name: str, cases: list[Case], result: report.Result, progress: Progress, *, quick: bool) -> None:
    """All cases on one store."""
    start, _ = PLAN[name]
    with ExitStack() as stack:
        processes = {}
        with progress.step(starting_seconds(name)):
            backend = stack.enter_context(start())
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
            with progress.step(expected(name, case, quick=quick)):
                rounds: dict[str, list[dict[str, float]]] = {side: [] for side in processes}
                how = effort(name, case, quick=quick)
                for number in range(how.rounds):
                    for side, process in processes.items():
                        if side == "limit" and not bare(name, case):
                            continue
                        task = {"round": "due" if case.due and side != "limit" else "usual"}
                        task |= {
                            "case": case.kind,
                            "due": case.due,
                            "size": case.size,
                            "threads": case.threads,
                            "processor": number,
                        }
                        rounds[side].append(process.ask({**task, "seconds": how.seconds}))
                result.rows.append(report.row(name, backend.name, case, rounds))
            print(progress, result.rows[-1], flush=True)


def starting_seconds(name: str) -> float:
    return START + FILLED.get(name, 0) * A_SESSION


def run(stores: dict[str, list[Case]], others: list[str], *, quick: bool) -> report.Result:
    """Everything that was asked for; what failed is in the result."""
    steps = {
        name: [starting_seconds(name), *(expected(name, case, quick=quick) for case in cases)]
        for name, cases in stores.items()
    }
    for name in others:
        steps[name] = [OTHERS[name].quick_seconds if quick else OTHERS[name].seconds]
    progress = Progress(sum(map(len, steps.values())), sum(map(sum, steps.values())))
    print(f"{progress.steps} steps, about {progress.seconds / 60:.0f} minutes on an idle machine", flush=True)
    result = report.Result()
    for name in steps:
        done = progress.done
        try:
            if name in stores:
                measure(name, stores[name], result, progress, quick=quick)
            else:
                with progress.step(*steps[name]):
                    result.others[name] = OTHERS[name].measure(OTHER_ROUNDS[quick], quick=quick)
                print(progress, flush=True)
        except Exception as error:
            # One store that is missing or broken is no reason to lose the others' half hour.
            traceback.print_exc()
            result.failures[name] = f"{type(error).__name__}: {error}".splitlines()[0]
            progress.skip(steps[name][progress.done - done :])
            print(f"{progress} {name} FAILED, going on", flush=True)
        report.write(result, "part")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("only", nargs="*", metavar="WHAT", help=", ".join([*PLAN, *OTHERS]))
    parser.add_argument("--again", action="store_true", help="put what is named into the last whole result")
    parser.add_argument("--quick", action="store_true", help="fewer cases, rounds and stores; five minutes")
    options = parser.parse_args()
    for name in options.only:
        if name not in PLAN and name not in OTHERS:
            parser.error(f"unknown: {name}; known: {', '.join([*PLAN, *OTHERS])}")
    if options.again and (options.quick or not options.only):
        parser.error("--again needs names, and as much effort as a whole run")
    sides.prepare()
    wanted = options.only or ([*QUICK, *OTHERS] if options.quick else [*PLAN, *OTHERS])
    stores = {
        name: [case for case in cases if not options.quick or case in QUICK_CASES]
        for name, (_, cases) in PLAN.items()
        if name in wanted
    }
    result = run(stores, [name for name in OTHERS if name in wanted], quick=options.quick)
    kind = "quick" if options.quick else "part" if options.only and not options.again else "whole"
    if options.again:
        report.replace(result, set(wanted))
    else:
        report.write(result, kind)
    print(drawing.draw(kind))
    for name, why in result.failures.items():
        print(f"FAILED: {name}: {why}")
    sys.exit(1 if result.failures else 0)


if __name__ == "__main__":
    main()
