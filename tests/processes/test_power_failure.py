"""SESSION_FILE_FSYNC: what is on the disk before a request is answered, as the system is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CALLS = Path(__file__).parent / "recorded_calls.c"
VISITS = """
import sys, flask
from flask_session import Session

app = flask.Flask("kept")
app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR="kept", SESSION_FILE_FSYNC=sys.argv[1] == "on")
Session(app)
app.add_url_rule("/put/<value>", "put", lambda value: flask.session.update(a=value) or "")
app.add_url_rule("/end", "end", lambda: flask.session.clear() or "")
browser = app.test_client()
for path in ("/put/one", "/put/two", "/end"):
    browser.get(path)
    open("calls", "a").write(path + "\\n")
"""


def calls(folder: Path, fsync: str) -> list[str]:
    """What three requests (new, changed, ended) told the system, and where each ended."""
    library = folder / "recorded_calls.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, CALLS, "-ldl"], check=True)
    environment = {**os.environ, "LD_PRELOAD": str(library), "RECORDED_CALLS": str(folder / "calls")}
    subprocess.run(
        [sys.executable, "-c", VISITS, fsync], check=True, cwd=folder, env=environment, timeout=120
    )
    told = (folder / "calls").read_text().replace(f" {folder.resolve()}/", " ./")
    told = told.replace(f" {folder.resolve()}\n", " .\n")
    # Python's own calls are about other places.
    return [line for line in told.splitlines() if line.startswith("/") or line.split()[1].startswith(".")]


def test_a_save_is_on_the_disk_before_the_answer(tmp_path: Path) -> None:
    told = calls(tmp_path, "on")
    first, second, third = (told.index(path) for path in ("/put/one", "/put/two", "/end"))
    record = next(line.split()[1] for line in told if line.startswith("rename"))
    shard = record.rpartition("/")[0]
    saved = [f"fsync {record}.<aside>", f"rename {record}", f"fsync {shard}"]
    made = ["fsync .", "fsync ./kept", "fsync ./kept/sessions"]

    def of(lines: list[str]) -> list[str]:
        return [
            f"fsync {record}.<aside>" if line.startswith(f"fsync {record}.") else line
            for line in lines
            if not line.startswith("unlink") or line == f"unlink {record}"
        ]

    assert of(told[:first]) == made + saved
    assert of(told[first + 1 : second]) == saved
    assert of(told[second + 1 : third]) == [f"unlink {record}", f"fsync {shard}"]


def test_without_it_nothing_waits_for_the_disk(tmp_path: Path) -> None:
    assert [line for line in calls(tmp_path, "off") if line.startswith("fsync")] == []
