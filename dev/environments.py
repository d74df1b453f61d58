"""Virtual environments below .cache, made once for their requirements, and our wheel in them."""

import fcntl
import subprocess
import sys
import venv
from pathlib import Path

import attempts

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
# Made by `make setup`; what starts a server may be another Python, without pip.
TOOLS = ROOT / ".venv" / "bin"


def python(directory: Path) -> Path:
    return directory / "bin" / "python"


def make(directory: Path, requirements: list[str]) -> None:
    """Makes the environment, or leaves it alone if it was made for these requirements.

    Raises CalledProcessError if they can't be installed.
    """
    stamp = directory / "requirements.txt"
    wanted = "\n".join(requirements)
    directory.parent.mkdir(parents=True, exist_ok=True)
    # Tests that run at the same time may need the same one.
    with (directory.parent / f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        print(f"making {directory.relative_to(ROOT)}", file=sys.stderr)
        venv.create(directory, clear=True)
        install(directory, *requirements)
        stamp.write_text(wanted)


def install(directory: Path, *arguments: str) -> None:
    pip = [TOOLS / "python", "-m", "pip", "--disable-pip-version-check", "--python", python(directory)]
    # The first line of a server's standard output is its address.
    attempts.run([*pip, "install", "--quiet", *arguments], stdin=subprocess.DEVNULL, stdout=sys.stderr)


def wheel(profile: str = "dev") -> Path:
    """Builds our wheel; in cargo's dev profile, nothing is compiled twice."""
    directory = CACHE / "wheels"
    for old in directory.glob("*.whl"):
        old.unlink()
    build = [TOOLS / "maturin", "build", "--quiet", "--profile", profile, "--interpreter", sys.executable]
    subprocess.run([*build, "--out", directory], check=True, cwd=ROOT)
    (made,) = directory.glob("*.whl")
    return made


def install_wheel(directory: Path, made: Path) -> None:
    install(directory, "--force-reinstall", "--no-deps", str(made))
