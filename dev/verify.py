"""Runs the checks that take too long for `make test`, and sums up what each has tried.

Usage: python dev/verify.py [STEP ...]     (default: all steps, in the order of STEPS)

A failing step doesn't stop the next ones. What a step tried is in its lines that begin with "figures:".
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MODEL = "--package=flask-session-model"

STEPS: dict[str, list[str | Path]] = {
    "model": ["cargo", "run", "--locked", "--quiet", MODEL, "--bin=explore"],
    "histories": [
        *("cargo", "test", "--locked", "--quiet", MODEL, "--test=histories", "--"),
        *("--ignored", "--nocapture", "--test-threads=1", "a_long_history"),
    ],
    "crashes": [
        *("cargo", "test", "--locked", "--quiet", "--package=flask-session-stores", "--all-features"),
        *("--test=crashes", "--", "--ignored", "--nocapture", "a_long_series_of_kills"),
    ],
    "packages": [sys.executable, "dev/packages.py"],
    "interop": [sys.executable, "dev/run_tests.py", "interop-long"],
    "mutants": [sys.executable, "dev/mutants.py"],
    "processes": ["env", "SERVERS=all", BIN / "pytest", "-q", "--tb=short", "tests/servers"],
    "faults": [sys.executable, "dev/faults.py"],
    "rival": [sys.executable, "dev/rival.py"],
    "pickles": [sys.executable, "dev/fuzz.py", "--seconds", "600", "pickle"],
    "fuzz": [sys.executable, "dev/fuzz.py"],
    "extension": [
        "env",
        "PYTHONPATH=tests",
        "ANY_BYTES_SECONDS=60",
        sys.executable,
        "tests/codec/test_any_bytes.py",
    ],
}
"""A new step is a line here: a command that fails, or prints its figures."""


def run(command: list[str | Path]) -> tuple[int, list[str]]:
    """Shows what ``command`` writes. Returns its status and its lines of figures."""
    figures = []
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            _, found, rest = line.partition("figures: ")
            if found:
                figures.append(rest.rstrip())
    return process.returncode, figures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    names = parser.parse_args().steps or list(STEPS)
    for name in names:
        if name not in STEPS:
            parser.error(f"unknown step {name}; known: {', '.join(STEPS)}")
    summary = []
    failed = 0
    for name in names:
        print(f"\n== {name}: {' '.join(map(str, STEPS[name]))}", flush=True)
        begin = time.monotonic()
        status, figures = run(STEPS[name])
        bad = status != 0 or not figures
        failed += bad
        seconds = f"{time.monotonic() - begin:.0f} s"
        summary += [
            f"{'FAILED' if bad else 'ok':6} {name:10} {seconds:>7}  {line}" for line in figures or ["-"]
        ]
    print("\n== sum\n" + "\n".join(summary))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
