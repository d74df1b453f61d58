"""What figures depend on: the machine, and the releases of everything that takes part."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import sides

PACKAGES = ("Flask", "Werkzeug", "redis", "hiredis", "pymemcache", "pylibmc", "SQLAlchemy", "psycopg2-binary")
PACKAGES += ("PyMySQL", "pymongo", "cachelib", "msgspec", "gunicorn")
SERVERS = {
    "Redis": ["redis-server", "--version"],
    "memcached": ["memcached", "-V"],
    "PostgreSQL": ["/usr/lib/postgresql/*/bin/postgres", "--version"],
    "MariaDB": ["mariadbd", "--version"],
}
NUMBER = re.compile(r"\d+(?:\.\d+)+")


def described() -> dict[str, str]:
    """In the order in which a reader wants it."""
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": said(["git", "-C", str(sides.HERE), "describe", "--always", "--dirty"]),
        "processor": f"{os.cpu_count()} x {processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "kernel": platform.release(),
        "compiler": said(["rustc", "--version"]).partition(" (")[0],
        "python": f"Python {platform.python_version()}",
        "servers": ", ".join(f"{name} {number(command)}" for name, command in SERVERS.items()),
        "packages": packages(),
    }


def processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def number(command: list[str]) -> str:
    """The release that a server names; the newest, where several are installed."""
    program, *arguments = command
    if "*" in program:
        program = max(map(str, Path("/").glob(program.lstrip("/"))), default=program)
    found = NUMBER.search(said([program, *arguments]))
    return found[0] if found else "unknown"


def packages() -> str:
    """Those of the environment in which both sides run."""
    program = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    numbers = said([str(sides.PYTHON), "-c", program, *PACKAGES]).split()
    return ", ".join(f"{name} {found}" for name, found in zip(PACKAGES, numbers, strict=False))
