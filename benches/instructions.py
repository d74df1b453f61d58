"""Counts instructions under callgrind: the core's operations, and whole requests on Redis.

Usage: make instructions

What the machine does meanwhile doesn't change them, so they are what to compare between two commits: each is
printed with its ratio to the last count, benches/results/instructions.json, which is then overwritten.
A request's count is what it needs more than one without a session, Python's own instructions included, the
kernel's not.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import backends
import machine
import page
import report
import sides
from counted import BARE

CALLS = 100
COLLECTED = re.compile(r"Collected *: (\d+)")
RESULT = page.RESULTS / "instructions.json"


def callgrind(program: list[str], options: list[str], environment: dict[str, str] | None = None) -> Any:
    command = ["valgrind", "--tool=callgrind", *options, *program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return done


def built() -> str:
    """The core's program, as fast as users get it."""
    build = ["cargo", "bench", "--no-run", "--quiet", "--message-format=json"]
    command = [*build, "-p", "flask-session-core", "--bench", "instructions"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=page.ROOT)
    made = [json.loads(line) for line in done.stdout.splitlines()]
    (program,) = (one["executable"] for one in made if one.get("executable"))
    return str(program)


def core() -> dict[str, int]:
    """Instructions of one call of each operation."""
    program = built()
    names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    found = {}
    for name in names:
        options = ["--toggle-collect=*instructions::counted*", "--callgrind-out-file=/dev/null"]
        collected = COLLECTED.search(callgrind([program, name], options).stderr)
        if not collected or not int(collected[1]):
            raise RuntimeError(f"nothing was counted of: {name}")
        found[name] = round(int(collected[1]) / CALLS)
    return found


def totals(folder: Path) -> list[int]:
    """What each part of callgrind's output adds up to, in order."""
    parts = sorted(folder.glob("out.*"), key=lambda path: int(path.suffix[1:]))
    return [int(re.findall(r"^totals: (\d+)$", part.read_text(), re.MULTILINE)[-1]) for part in parts]


def requests(side: str) -> dict[str, int]:
    """Instructions of a request of each case, beyond those of one without a session."""
    with backends.server("redis") as url, tempfile.TemporaryDirectory() as folder:
        program = [str(sides.PYTHON), "-W", "ignore", str(sides.HERE / "counted.py"), url, str(CALLS)]
        options = ["--dump-before=getloadavg", f"--callgrind-out-file={folder}/out"]
        done = callgrind(program, options, sides.environment(side))
        names = done.stdout.splitlines()
        # Between two cases lie their preparations.
        counts = totals(Path(folder))[1::2]
    if len(counts) < len(names) or not names:
        raise RuntimeError(f"{len(counts)} counts of {names}")
    found = dict(zip(names, counts, strict=False))
    without = found.pop(BARE)
    return {name: round((count - without) / CALLS) for name, count in found.items()}


def compared(before: dict[str, Any], after: dict[str, Any], names: str = "") -> None:
    """Prints each count with its ratio to the one before."""
    for name, count in after.items():
        if isinstance(count, dict):
            compared(before.get(name, {}), count, f"{names}{name}: ")
        else:
            ratio = f"{count / before[name]:.3f}x" if before.get(name) else "new"
            print(f"{names + name:48} {count:>12,} {ratio:>8}")


def main() -> None:
    sides.prepare()
    before = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    found = {side: requests(name) for name, side in (("rival", "0.8.0"), ("ours", "ours"))}
    by_case = {case: {side: found[side][case] for side in found} for case in found["ours"]}
    after = {"core": core(), "requests": by_case}
    compared(before, after)
    report.keep({"machine": machine.described(), **after}, RESULT.stem)
    page.write()


if __name__ == "__main__":
    main()
