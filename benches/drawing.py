"""Makes docs/performance.md and its pictures anew from benches/results/whole.json.

Usage: make plots

A quick or partial run's page is made from the same text, in target/benches/.
"""

from __future__ import annotations

import subprocess

import page
from sides import HERE, environments

# In an environment of its own: what is measured has nothing but what users have.
DIRECTORY = environments.CACHE / "plots"
MATPLOTLIB = "matplotlib==3.11.2"


def draw(kind: str = "whole") -> str:
    """Returns what was made, in a line."""
    place = page.DOCS if kind == "whole" else page.ROOT / "target" / "benches" / kind
    pictures = place / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    if (page.RESULTS / f"{kind}.json").exists():
        environments.make(DIRECTORY, [MATPLOTLIB])
        command = [environments.python(DIRECTORY), HERE / "plots.py", kind, pictures]
        subprocess.run(command, check=True)
    page.write(kind, place)
    return "written: " + ", ".join(str((place / name).relative_to(page.ROOT)) for name in page.PAGES)


if __name__ == "__main__":
    print(draw())
