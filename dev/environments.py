"""Virtual environments below .cache, made once for their requirements, and our wheel in them."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
MATURIN = Path(sys.executable).parent / "maturin"


def python(directory: Path) -> Path:
    return directory / "bin" / "python"


def make(directory: Path, requirements: list[str]) -> None:
    """Makes the environment, or leaves it alone if it was made for these requirements."""
    stamp = directory / "requirements.txt"
    wanted = "\n".join(requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"making {directory.relative_to(ROOT)}", file=sys.stderr)
    venv.create(directory, clear=True)
    install(directory, *requirements)
    stamp.write_text(wanted)


def install(directory: Path, *arguments: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", python(directory)]
    subprocess.run([*pip, "install", "--quiet", *arguments], check=True)


def wheel(profile: str = "dev") -> Path:
    """Builds our wheel; in cargo's dev profile, nothing is compiled twice."""
    directory = CACHE / "wheels"
    for old in directory.glob("*.whl"):
        old.unlink()
    build = [MATURIN, "build", "--quiet", "--profile", profile, "--interpreter", sys.executable]
    subprocess.run([*build, "--out", directory], check=True, cwd=ROOT)
    (made,) = directory.glob("*.whl")
    return made


def install_wheel(directory: Path, made: Path) -> None:
    install(directory, "--force-reinstall", "--no-deps", str(made))
