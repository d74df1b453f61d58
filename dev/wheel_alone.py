"""Shows that our wheel brings along Flask, what that needs, and nothing else."""

import subprocess
import venv
from pathlib import Path

import environments
from environments import CACHE

ALONE = CACHE / "alone"

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


def check(wheel: Path) -> None:
    """Installs the wheel in an environment of its own. Raises SystemExit if more comes along."""
    venv.create(ALONE, clear=True)
    environments.install(ALONE, str(wheel))
    command = [environments.python(ALONE), "-I", "-c", INSTALLED]
    shown = subprocess.run(command, check=True, capture_output=True, text=True)
    installed, flask_and_needed = (set(line.split()) for line in shown.stdout.splitlines())
    beside = installed - flask_and_needed - {"flask-session-rs"}
    if beside:
        raise SystemExit(f"pip install pulls in more than Flask: {', '.join(sorted(beside))}")
