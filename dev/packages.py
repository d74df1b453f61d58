"""Makes the packages of the crates that may be published, and builds each from nothing but what it holds.

Usage: python dev/packages.py

They depend on each other, and none is on crates.io: cargo lays them into a registry of its own for the time.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def published() -> list[str]:
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--no-deps"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return [package["name"] for package in metadata["packages"] if package["publish"] is None]


def main() -> int:
    names = [f"--package={name}" for name in published()]
    command = ["cargo", "package", "--locked", "--allow-dirty", "--all-features", "--color=never", *names]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    print(done.stderr)
    verified = re.findall(r"^ *Verifying (\S+)", done.stderr, re.MULTILINE)
    print(f"figures: {len(verified)} packages built from what they hold: {', '.join(verified)}")
    return 0 if done.returncode == 0 and len(verified) == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
