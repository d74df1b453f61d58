"""Runs every test in which a store breaks, and counts what was broken.

Usage: python dev/faults.py
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

NATIVE = [
    *("cargo", "test", "--locked", "--workspace", "--no-fail-fast"),
    *("--test=conformance", "--test=deployments", "--test=filesystem", "--test=redis", "--"),
    *("--nocapture", "break", "fail", "fault", "damage", "refus", "network"),
]
"""The stores; the network tells each fault as it happens (`crates/testkit/src/proxy.rs`)."""

SITES = [
    *(sys.executable, "-m", "pytest", "-q", "--color=no"),
    *("tests/http/test_failure_policy.py", "tests/http/test_store_trouble.py"),
    *("tests/sql/test_lost_connections.py", "tests/interface/test_redis_deployments.py"),
]
"""Whole sites."""


def run(command: list[str]) -> tuple[bool, str]:
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        print(done.stdout[-20_000:])
    return done.returncode == 0, done.stdout


def main() -> int:
    natively, told = run(NATIVE)
    faults = Counter(re.findall(r"^fault: (\w+)", told, re.MULTILINE))
    tests = sum(int(count) for count in re.findall(r"^test result: \S+ (\d+) passed", told, re.MULTILINE))
    kinds = ", ".join(f"{count} {kind}" for kind, count in faults.most_common())
    print(f"figures: stores: {faults.total()} faults in {tests} tests: {kinds}")
    with_sites, told = run(SITES)
    passed = re.findall(r"(\d+) passed", told)
    print(f"figures: sites: {passed[-1] if passed else 0} tests with stores that break")
    return 0 if natively and with_sites and faults else 1


if __name__ == "__main__":
    sys.exit(main())
