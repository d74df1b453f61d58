"""Runs the Python tests on each row of pyproject.toml's [tool.flask-session.matrix], from an installed wheel.

Usage: python dev/matrix.py [--quick] [--row ROW ...] [PYTEST ARGUMENT ...]     (default: all rows)

Each row has an environment below .cache/matrix. What a row doesn't name is what dev/requirements.txt names:
the newest. The wheel also shows that the package works away from this folder.
"""

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import environments
import tomllib
import wheel_alone
from environments import CACHE, ROOT

# Tools, and what only the folders below need.
TOOLS = {
    *("flask-login", "flask-wtf", "maturin", "mypy", "ruff", "selenium"),
    *("celery", "gunicorn", "pyuwsgi", "waitress"),
}
WITHOUT = ("architecture", "browser", "compat", "examples", "interop", "neighbours", "servers")
QUICK = ("interface/test_saving.py", "interface/test_set_cookie.py", "interface/test_hooks.py", "session")
# What versions of their time say of each other.
WARNINGS = ["-W", "ignore:'_app_ctx_stack'", "-W", "ignore::DeprecationWarning:flask_sqlalchemy"]


@dataclass
class Outcome:
    """What one row's run said."""

    failed: bool
    summary: str
    seconds: float


def name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()


def requirements(pinned: list[str]) -> list[str]:
    """The row's own, and of dev/requirements.txt what it doesn't name."""
    lines = (ROOT / "dev" / "requirements.txt").read_text().splitlines()
    shared = [line for line in lines if line and not line.startswith("#")]
    left_out = TOOLS | {name(one) for one in pinned}
    return [*pinned, *(one for one in shared if name(one) not in left_out)]


def prepare(row: str, pinned: list[str], wheel: Path) -> bool:
    """Makes the row's environment, with our wheel. False if that failed."""
    try:
        environments.make(CACHE / "matrix" / row, requirements(pinned))
        environments.install_wheel(CACHE / "matrix" / row, wheel)
    except subprocess.CalledProcessError:
        return False
    return True


def run(row: str, tests: list[str]) -> Outcome:
    """Runs pytest in the row's environment, showing what it writes."""
    command = [environments.python(CACHE / "matrix" / row), "-m", "pytest"]
    command += ["-o", f"cache_dir=.cache/pytest-{row}", *WARNINGS, *tests]
    print(f"\n== {row}: {' '.join(tests)}", flush=True)
    begin, summary = time.monotonic(), "no summary"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if re.match(r"=+ .* in [\d.]+s", line):
                summary = re.sub(r" in [\d.]+s.*", "", line.strip("= \n"))
    return Outcome(process.returncode != 0, summary, time.monotonic() - begin)


def main() -> int:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["flask-session"]["matrix"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only the tests of Flask's side of a session")
    parser.add_argument("--row", action="append", choices=table, metavar="ROW", help=", ".join(table))
    options, passed_on = parser.parse_known_args()
    rows = options.row or list(table)

    if options.quick:
        tests = [f"tests/{place}" for place in QUICK]
    else:
        tests = [f"--ignore=tests/{folder}" for folder in WITHOUT]
    made = environments.wheel()
    wheel_alone.check(made)
    ready = {row: prepare(row, table[row], made) for row in rows}
    outcomes = {
        row: run(row, [*tests, *passed_on]) if ready[row] else Outcome(True, "not run: no environment", 0.0)
        for row in rows
    }

    print()
    for row, outcome in outcomes.items():
        verdict = "FAILED" if outcome.failed else "ok"
        print(f"{verdict:6} {row:12} {outcome.summary:50} {outcome.seconds:6.0f} s  {' '.join(table[row])}")
    failures = sum(outcome.failed for outcome in outcomes.values())
    print(f"{len(outcomes) - failures} of {len(outcomes)} rows passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
