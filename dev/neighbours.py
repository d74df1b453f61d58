"""Makes what tests/neighbours needs: one environment with the extensions, and beside it the two rivals.

Usage: python dev/neighbours.py

Flask-Session 0.8.0 and our wheel have the same import name: each is in a folder of its own for PYTHONPATH.
"""

import shutil

import environments
from environments import CACHE, ROOT

DIRECTORY = CACHE / "neighbours"


def main() -> None:
    lines = (ROOT / "dev" / "neighbours.txt").read_text().splitlines()
    extensions = [line for line in lines if line and not line.startswith("#")]
    environments.make(DIRECTORY, extensions)
    for release, package in (("0.8.0", "flask-session==0.8.0"), ("ours", str(environments.wheel()))):
        place = DIRECTORY / "releases" / release
        shutil.rmtree(place, ignore_errors=True)
        environments.install(DIRECTORY, "--no-deps", "--target", str(place), package)


if __name__ == "__main__":
    main()
