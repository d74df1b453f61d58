"""Runs the Python tests on the oldest Flask that is supported, with the package installed from a wheel.

Usage: python dev/oldest_flask.py [PYTEST ARGUMENT ...]

The newest Flask is what `make test` runs everything else on. The wheel, built in cargo's dev profile so that
nothing is compiled twice, also shows that the package works away from this folder.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MATURIN = Path(sys.executable).parent / "maturin"
ENVIRONMENT = ROOT / ".cache" / "oldest-flask"
WHEELS = ROOT / ".cache" / "wheels"
ALONE = ROOT / ".cache" / "alone"
PYTHON = ENVIRONMENT / "bin" / "python"

REQUIREMENTS = [
    "flask==2.2.5",
    "werkzeug==2.2.3",
    "attrs>=26",
    "boto3>=1.44,<2",
    "cachelib>=0.17,<1",
    "fakeredis>=2.40,<3",
    "flask-sqlalchemy==2.5.1",
    "gunicorn>=23",
    "libmc>=1.4,<2",
    "msgspec==0.22.0",
    "mysql-connector-python>=9",
    "pg8000>=1.31,<2",
    "psycopg2-binary>=2.9.13,<3",
    "pylibmc>=1.6,<2",
    "pymemcache>=4,<5",
    "pymongo>=4.20,<5",
    "pymysql>=1.2,<2",
    "pytest>=9.2,<10",
    "python-memcached>=1.62,<2",
    "redis>=8.1,<9",
    "sqlalchemy==1.4.54",
]
# Prints what is installed, and then Flask with all that it needs.
INSTALLED = """
import re
from importlib import metadata
import flask_session

def name(text):
    return re.match(r"[\\w.-]+", text)[0].lower().replace("_", "-")

needed, left = set(), ["flask"]
while left:
    one = name(left.pop())
    if one not in needed:
        needed.add(one)
        left += [text for text in metadata.requires(one) or () if "extra ==" not in text and ";" not in text]
print(*(name(found.name) for found in metadata.distributions()))
print(*needed)
"""
# Flask-SQLAlchemy 2.5 on Flask 2.2.
WARNINGS = ["-W", "ignore:'_app_ctx_stack'", "-W", "ignore::DeprecationWarning:flask_sqlalchemy"]
WITHOUT = ["tests/architecture", "tests/browser", "tests/compat", "tests/examples"]


def prepare() -> None:
    stamp = ENVIRONMENT / "requirements.txt"
    wanted = "\n".join(REQUIREMENTS)
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        install(*REQUIREMENTS)
        stamp.write_text(wanted)
    for old in WHEELS.glob("*.whl"):
        old.unlink()
    build = [MATURIN, "build", "--quiet", "--profile", "dev", "--interpreter", sys.executable]
    subprocess.run([*build, "--out", WHEELS], check=True, cwd=ROOT)
    (wheel,) = WHEELS.glob("*.whl")
    install("--force-reinstall", "--no-deps", str(wheel))


def install_alone() -> None:
    """In an environment of its own the wheel brings along Flask, what that needs, and nothing else."""
    venv.create(ALONE, with_pip=True, clear=True)
    (wheel,) = WHEELS.glob("*.whl")
    python = ALONE / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    shown = subprocess.run([python, "-I", "-c", INSTALLED], check=True, capture_output=True, text=True)
    installed, flask_and_needed = (set(line.split()) for line in shown.stdout.splitlines())
    beside = installed - flask_and_needed - {"flask-session-rs", "pip", "setuptools"}
    if beside:
        raise SystemExit(f"pip install pulls in more than Flask: {', '.join(sorted(beside))}")


def install(*arguments: str) -> None:
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *arguments], check=True)


def main() -> int:
    prepare()
    install_alone()
    ignored = [f"--ignore={folder}" for folder in WITHOUT]
    pytest = [
        PYTHON,
        "-m",
        "pytest",
        "-o",
        "cache_dir=.cache/pytest-oldest-flask",
        *WARNINGS,
        *ignored,
        *sys.argv[1:],
    ]
    return subprocess.run(pytest, check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
