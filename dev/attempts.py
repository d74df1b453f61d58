"""Runs a command that asks a registry, and again after a growing pause as long as it fails.

Usage: python dev/attempts.py COMMAND [ARGUMENT ...]
"""

import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PAUSES = (5.0, 20.0, 60.0)
"""Seconds between one attempt and the next."""


def run(command: list[str | Path], pauses: Iterable[float] = PAUSES, **options: Any) -> None:
    """Runs ``command`` until it succeeds. Raises CalledProcessError if the last attempt fails, too.

    ``options`` are those of ``subprocess.run``.
    """
    waits = [*pauses, None]
    for number, wait in enumerate(waits, 1):
        status = subprocess.run(command, check=False, **options).returncode
        if status == 0:
            return
        told = f"attempt {number} of {len(waits)} ended with {status}: {shlex.join(map(str, command))}"
        print(told, file=sys.stderr, flush=True)
        if wait is None:
            raise subprocess.CalledProcessError(status, command)
        time.sleep(wait)


def main() -> int:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    try:
        run([*sys.argv[1:]])
    except subprocess.CalledProcessError as failure:
        return failure.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
