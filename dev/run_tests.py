"""Runs every check and every test, adds up what passed and what failed, and says so in its last line.

Usage: python dev/run_tests.py [STEP ...]     (default: all steps that always run, in the order of STEPS)

A failing step doesn't stop the next ones. A check counts as one, `cargo test` and pytest count their tests.
What was skipped is listed with its reason; a skip for lack of a server that dev/ can start is a failure.
"""

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from secrecy import ids_in  # noqa: E402

BIN = Path(sys.executable).parent
STEP_LIMIT = 20 * 60.0
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")

# make installs these for the tests: nothing may be skipped because one of them is not there.
PROVIDED = r"(?:redis-server|memcached|postgres|mariadb|chromium|chromedriver|openssl)"
PREVENTABLE = re.compile(
    rf"\b(?:no|without|missing) {PROVIDED}|{PROVIDED}.*\b(?:not|missing)\b|could not import"
)


# Folders of tests/ that are steps of their own.
ALONE = ("architecture", "browser", "compat", "interop", "neighbours")


@dataclass
class Result:
    """What one step counted."""

    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)
    lacking: str = ""
    """The command whose failure kept the step from being run."""


Reader = Callable[[list[str], int], Result]


@dataclass
class Step:
    """One part of the run: commands, and how their output is counted."""

    commands: list[list[str | Path]]
    read: Reader
    environment: dict[str, str] = field(default_factory=dict)
    limit: float = STEP_LIMIT
    """Seconds for each command."""
    always: bool = True
    """Whether it runs where no step is named."""
    preparing: list[list[str | Path]] = field(default_factory=list)
    """Commands before those; where one of them fails, the step can't be run."""


def check(_lines: list[str], status: int) -> Result:
    """A check passes or fails as a whole."""
    return Result(passed=int(status == 0), failed=int(status != 0))


def cargo_test(lines: list[str], status: int) -> Result:
    """Adds up the `test result:` lines of all test programs; a build that failed counts as one failure."""
    result = Result()
    for line in lines:
        if found := re.match(r"test result: \S+ (\d+) passed; (\d+) failed;", line):
            result.passed += int(found[1])
            result.failed += int(found[2])
        elif re.match(r"test .+ \.\.\. ignored, run by another test", line):
            continue
        elif found := re.match(r"test (.+) \.\.\. ignored(?:, (.+))?$", line):
            result.skipped.append(f"{found[1]}: {found[2] or 'no reason given'}")
    return blame_at_least_once(result, status)


def pytest(lines: list[str], status: int) -> Result:
    """Reads the closing line of each pytest run; errors in fixtures are failures."""
    result = Result()
    for line in lines:
        if found := re.match(r"SKIPPED \[(\d+)\] (.+)$", line):
            result.skipped += [found[2]] * int(found[1])
        elif re.match(r"=+ .*\bin [\d.]+s.* =+$", line):
            counts = {
                word: int(number) for number, word in re.findall(r"(\d+) (\w+)", line.rpartition(" in ")[0])
            }
            result.passed += counts.get("passed", 0) + counts.get("xfailed", 0)
            result.failed += counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    return blame_at_least_once(result, status)


def blame_at_least_once(result: Result, status: int) -> Result:
    """A step that ended badly has failed, even where no test says so: nothing built, nothing collected."""
    if status != 0 and result.failed == 0:
        result.failed = 1
    return result


def pytest_run(*folders: str, without: tuple[str, ...] = ()) -> Step:
    ignored = [f"--ignore={folder}" for folder in without]
    return Step([[BIN / "pytest", "--color=no", *ignored, *folders]], pytest)


def matrix(*arguments: str) -> Step:
    return Step([[sys.executable, "dev/matrix.py", *arguments, "--color=no"]], pytest)


def clippy(*arguments: str) -> list[str | Path]:
    return ["cargo", "clippy", "--locked", *arguments, "--", "-D", "warnings"]


# With those of the workspace's own dependencies: all features of what is published, as docs.rs has them.
SHOWN = [
    *(f"flask-session-stores/{feature}" for feature in ("all", "async")),
    *(f"flask-session-tower/{feature}" for feature in ("axum", "jiff", "rust_decimal", "uuid")),
]


def interop(**environment: str) -> Step:
    play = [BIN / "pytest", "--color=no", "--capture=no", "tests/interop"]
    make = [sys.executable, "dev/compat_environments.py", "0.8.0"]
    return Step([play], pytest, environment, preparing=[make])


STEPS: dict[str, Step] = {
    "rust-format": Step(
        [
            ["cargo", "fmt", "--all", "--check"],
            ["cargo", "fmt", "--check", "--manifest-path=benches/rust/Cargo.toml"],
        ],
        check,
    ),
    "rust-lint": Step([clippy("--workspace", "--all-targets")], check),
    "rust-features": Step(
        [
            clippy("--package=flask-session-stores", "--no-default-features", f"--features={feature}")
            for feature in (
                "",
                "async",
                "redis",
                "filesystem",
                "memcached",
                "mongodb",
                "mysql",
                "postgresql",
                "sqlite",
            )
        ]
        + [
            clippy("--package=flask-session-core"),
            clippy("--package=flask-session-tower"),
            clippy("--package=flask-session-tower", "--all-features"),
        ],
        check,
    ),
    "rust-docs": Step(
        [["cargo", "doc", "--locked", "--workspace", "--no-deps", f"--features={','.join(SHOWN)}"]],
        check,
        {"RUSTDOCFLAGS": "-D warnings"},
    ),
    "dependencies": Step(
        [[BIN / "cargo-deny", "--locked", "check", "licenses", "bans", "sources"]],
        check,
    ),
    "rust-test": Step([["cargo", "test", "--locked", "--workspace", "--no-fail-fast"]], cargo_test),
    "python-format": Step([[BIN / "ruff", "format", "--check"]], check),
    "python-lint": Step([[BIN / "ruff", "check"]], check),
    "python-types": Step([[BIN / "mypy"]], check),
    "python-stubs": Step(
        [[BIN / "stubtest", "flask_session._core", "--allowlist", "dev/stubtest_allowlist.txt"]], check
    ),
    "architecture": pytest_run("tests/architecture"),
    "python-test": pytest_run("tests", without=tuple(f"tests/{folder}" for folder in ALONE)),
    "oldest": matrix("--row=oldest"),
    "versions": matrix("--quick", "--row=flask-2.3", "--row=flask-3.0"),
    "compat": replace(pytest_run("tests/compat"), preparing=[[sys.executable, "dev/compat_environments.py"]]),
    "neighbours": replace(pytest_run("tests/neighbours"), preparing=[[sys.executable, "dev/neighbours.py"]]),
    "interop": interop(),
    "browser": pytest_run("tests/browser"),
    "interop-long": replace(interop(INTEROP_STEPS="1000", INTEROP_SEED="random"), limit=3600.0, always=False),
    "differential": replace(
        pytest_run("tests/compat/differential", "tests/compat/test_behind_one_proxy.py"),
        environment={"DIFFERENTIAL_SEQUENCES": "500", "DIFFERENTIAL_SEED": "random"},
        limit=4 * 3600.0,
        always=False,
        preparing=[[sys.executable, "dev/compat_environments.py", "0.8.0"]],
    ),
}


def run(name: str, step: Step) -> Result:
    """Runs one step's commands, showing what they write, and counts."""
    lines: list[str] = []
    for command in step.preparing:
        if perform(name, command, step, lines) != 0:
            said = shlex.join(map(str, command))
            print(f"== {name}: not run, because this failed: {said}", flush=True)
            return Result(failed=1, lacking=said)
    status = 0
    for command in step.commands:
        status = perform(name, command, step, lines) or status
    result = step.read(lines, status)
    for reason in result.skipped:
        if PREVENTABLE.search(reason.lower()):
            print(f"== {name}: skipped what make provides: {reason}")
            result.failed += 1
    if result.failed == 0:
        result.failed += told_ids(name, lines)
    return result


def told_ids(name: str, lines: list[str]) -> int:
    """How many lines of a step hold a session's id. Where tests failed, they may show what they saw."""
    told = [number for number, line in enumerate(lines, 1) if ids_in(line)]
    for number in told:
        print(f"== {name}: line {number} of its output holds a session's id")
    return len(told)


def perform(name: str, command: list[str | Path], step: Step, lines: list[str]) -> int:
    """Runs one command in a process group of its own, which ends with it or after the step's limit."""
    print(f"\n== {name}: {shlex.join(map(str, command))}", flush=True)
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **step.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        print(error)
        return 127
    limit = threading.Timer(step.limit, os.killpg, (process.pid, signal.SIGKILL))
    limit.start()
    assert process.stdout is not None
    try:
        with process:
            for line in process.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                lines.append(ESCAPES.sub("", line.rstrip("\n")))
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)
        raise
    finally:
        limit.cancel()
    return process.returncode


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    names = parser.parse_args().steps or [name for name, step in STEPS.items() if step.always]
    for name in names:
        if name not in STEPS:
            parser.error(f"unknown step {name}; known: {', '.join(STEPS)}")

    results: dict[str, Result] = {}
    seconds: dict[str, float] = {}
    for name in names:
        begin = time.monotonic()
        results[name] = run(name, STEPS[name])
        seconds[name] = time.monotonic() - begin

    print("\n== sum")
    for name, result in results.items():
        verdict = "FAILED" if result.failed else "ok"
        counts = f"{result.passed} passed, {result.failed} failed, {len(result.skipped)} skipped"
        reason = f"  not run: {result.lacking} failed" if result.lacking else ""
        print(f"{verdict:6} {name:14} {counts:40} {seconds[name]:6.0f} s{reason}")
    skipped = [f"{name}: {reason}" for name, result in results.items() for reason in result.skipped]
    if skipped:
        print(f"\n{len(skipped)} skipped:")
        print("\n".join(f"  {line}" for line in skipped))
    passed = sum(result.passed for result in results.values())
    failed = sum(result.failed for result in results.values())
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
