"""Makes each wrong protocol of mutants.toml in a copy of the sources: the check it names must fail there.

Usage: python dev/mutants.py [NAME ...]     (default: all)

The copy and its build are kept in target/mutants. A mutant that survives is a failure, and so is a check that
fails without a mutant.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import tomllib

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "mutants" / "sources"
LIMIT = 30 * 60.0
TARGET = COPY.parent / "target"
EXPLORE = ["cargo", "build", "--locked", "--package=flask-session-model"]
HISTORIES = ["cargo", "test", "--locked", "--package=flask-session-model", "--test=histories"]
EXTENSION = ["cargo", "build", "--locked", "--package=flask-session-python"]
FORKS = [
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "tests/processes/test_forks.py",
    "-k",
    "parent_and_children",
]
CHECKS: dict[str, list[list[str]]] = {
    "model": [[*EXPLORE, "--bin=explore"], [str(TARGET / "debug" / "explore"), "short"]],
    "history": [[*HISTORIES, "--no-run"], [*HISTORIES, "sqlite::a_history"]],
    "forks": [EXTENSION, FORKS],
}
"""What builds a check, which must succeed, and what runs it."""


class Unfit(Exception):
    """A mutant that says nothing, because it doesn't fit the sources or doesn't compile."""


def copy_sources() -> None:
    """Tracked files only; unchanged ones keep their time, so that little is built anew."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, COPY / name
        if not source.is_file():
            continue
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(TARGET),
        "PYTHONPATH": str(COPY / "python"),
    }
    return subprocess.run(
        command, cwd=COPY, check=False, capture_output=True, text=True, env=environment, timeout=LIMIT
    )


def passes(check: str) -> bool:
    """Builds and runs one check in the copy."""
    build, test = CHECKS[check]
    built = run(build)
    if built.returncode != 0:
        raise Unfit(f"{check} does not build:\n{built.stderr}")
    if check == "forks":
        shutil.copy(TARGET / "debug" / "lib_core.so", COPY / "python" / "flask_session" / "_core.so")
    return run(test).returncode == 0


def survives(mutant: dict[str, Any]) -> bool:
    """Whether the check does not see ``mutant``."""
    file = COPY / mutant["file"]
    text = file.read_text()
    if text.count(mutant["find"]) != 1:
        raise Unfit(f"{mutant['file']} has changed; mend dev/mutants.toml")
    file.write_text(text.replace(mutant["find"], mutant["replace"]))
    try:
        return passes(mutant["check"])
    finally:
        file.write_text(text)


def main() -> int:
    mutants = tomllib.loads((ROOT / "dev" / "mutants.toml").read_text())["mutant"]
    wanted = [mutant for mutant in mutants if not sys.argv[1:] or mutant["name"] in sys.argv[1:]]
    copy_sources()
    failed = 0
    for check in dict.fromkeys(mutant["check"] for mutant in wanted):
        if not passes(check):
            print(f"FAILED  {check} fails without a mutant", flush=True)
            return 1
    for mutant in wanted:
        try:
            outcome = "SURVIVED" if survives(mutant) else "killed"
        except Unfit as why:
            outcome = f"UNFIT    {why}\n"
        failed += outcome != "killed"
        print(f"{outcome:8} {mutant['name']} ({mutant['check']})", flush=True)
    print(f"figures: mutants: {len(wanted)}, killed {len(wanted) - failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
