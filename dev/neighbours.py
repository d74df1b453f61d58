"""Makes the environments of tests/neighbours: extensions with Flask-Session 0.8.0, and with our wheel.

Usage: python dev/neighbours.py
"""

import environments
from environments import CACHE, ROOT

ORIGINAL = ["flask-session==0.8.0", "msgspec==0.22.0"]


def main() -> None:
    lines = (ROOT / "dev" / "neighbours.txt").read_text().splitlines()
    extensions = [line for line in lines if line and not line.startswith("#")]
    environments.make(CACHE / "neighbours" / "0.8.0", [*extensions, *ORIGINAL])
    environments.make(CACHE / "neighbours" / "ours", extensions)
    environments.install_wheel(CACHE / "neighbours" / "ours", environments.wheel())


if __name__ == "__main__":
    main()
