"""Our layer for tower beside tower-sessions and axum_session on one Redis, taking turns: benches/rust/."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import backends
import sides
from report import Spread, spread

PACKAGE = Path(__file__).resolve().parent / "rust"
ROOT = PACKAGE.parents[1]
TARGET = ROOT / "target" / "rust-bench"
PROGRAM = TARGET / "release" / "rivals"


@dataclass(frozen=True)
class Case:
    """``due``: whether the session's life is extended; tower-sessions can do that only by writing it."""

    path: str
    due: bool = False
    overwrite: bool = False
    visitors: int = 1
    most: float | None = None

    def __str__(self) -> str:
        words = [self.path, *["due"] * self.due, *["overwrite"] * self.overwrite]
        return ", ".join([*words, *[f"{self.visitors} visitors"] * (self.visitors > 1)])

    @property
    def ours(self) -> str:
        return ", ".join(["ours", *["due"] * self.due, *["overwrite"] * self.overwrite])

    @property
    def rivals(self) -> dict[str, str]:
        """Each rival's side, of benches/rust/src/sides."""
        return {"tower-sessions": "tower-sessions" + ", due" * self.due, "axum_session": "axum_session"}


CASES = [
    *(Case("untouched", most=1), Case("untouched", due=True, most=1)),
    *(Case("read", most=1), Case("read", due=True, most=1)),
    *(Case("modify", most=1.1), Case("modify", overwrite=True, most=1), Case("new")),
    *(Case("read", visitors=32), Case("modify", visitors=32), Case("modify", overwrite=True, visitors=32)),
]
SECONDS = 0.2
RUNTIMES = ("current-thread", "multi-thread")


@dataclass
class Line:
    """One case beside one rival; times are microseconds, with several visitors for one request of all."""

    runtime: str
    case: str
    rival_name: str
    rival: Spread
    ours: Spread
    bare: Spread
    """The least that Redis must be asked, without any layer."""
    cost: Spread
    """Ours to the rival's: less is better."""
    most: float | None

    def __str__(self) -> str:
        times = f"{self.rival_name} {self.rival}  ours {self.ours}  bare {self.bare}"
        most = "" if self.most is None else f"  wanted at most {self.most:g}" + " MISSED" * self.missed
        return f"{self.runtime:14} {self.case:29} {times}  cost {self.cost}{most}"

    @property
    def missed(self) -> bool:
        return self.most is not None and self.cost.median > self.most


def is_built() -> bool:
    """Whether the program is there, and as new as the layer."""
    folders = [PACKAGE, *(ROOT / "crates" / name for name in ("core", "stores", "tower"))]
    sources = [path for folder in folders for path in folder.glob("src/**/*.rs")]
    built = PROGRAM.stat().st_mtime if PROGRAM.exists() else 0
    return all(path.stat().st_mtime <= built for path in sources)


def build() -> None:
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", PACKAGE / "Cargo.toml"]
    subprocess.run(command, env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)}, check=True)


def lines(runtime: str, case: Case, rounds: dict[str, list[dict[str, float]]]) -> list[Line]:
    """One case's rounds, which lie beside each other in time."""

    def times(side: str) -> list[float]:
        if case.visitors > 1:
            return [1e6 / one["per_second"] for one in rounds[side]]
        return [one["median"] for one in rounds[side]]

    ours = times(case.ours)
    return [
        Line(
            runtime,
            str(case),
            name,
            spread(times(side)),
            spread(ours),
            spread(times("bare")),
            spread([own / theirs for own, theirs in zip(ours, times(side), strict=True)]),
            case.most,
        )
        for name, side in case.rivals.items()
    ]


def measure(rounds: int, *, quick: bool) -> list[Line]:
    """Every case on both kinds of tokio's runtime."""
    if quick and not is_built():
        print("rust: left out, since building it takes minutes; make bench ONLY=rust does it", flush=True)
        return []
    build()
    found = []
    for runtime in RUNTIMES:
        with ExitStack() as stack:
            url = stack.enter_context(backends.server("redis"))
            processes: dict[str, sides.Process] = {}
            for case in CASES:
                taken: dict[str, list[dict[str, float]]] = {}
                task = {
                    "case": case.path,
                    "visitors": case.visitors,
                    "seconds": SECONDS / 4 if quick else SECONDS,
                }
                for _ in range(rounds):
                    for side in (case.ours, *case.rivals.values(), "bare"):
                        if side not in processes:
                            processes[side] = sides.Process(side, [PROGRAM, side, runtime, url])
                            stack.callback(processes[side].stop)
                            # Not counted: a process that has just started takes a third longer.
                            processes[side].ask(task)
                        taken.setdefault(side, []).append(processes[side].ask(task))
                found += lines(runtime, case, taken)
                print("\n".join(map(str, found[-len(case.rivals) :])), flush=True)
    return found
