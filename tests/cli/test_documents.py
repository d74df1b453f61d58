"""Every command in the documents does what they say, on stores of the test's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.conftest import Site

if TYPE_CHECKING:
    from redis_server import RedisServer

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = [
    (name, line)
    for name in ("commands.md", "migrating.md")
    for block in SHELL.findall((DOCUMENTS / name).read_text())
    for line in block.splitlines()
]


@pytest.mark.parametrize(("name", "line"), COMMANDS)
def test_every_command_in_the_documents_works(
    name: str, line: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    folder = tmp_path / "sessions"
    site = Site(SESSION_URL=redis_server.url(3))
    site.logged_in("ann")
    filled = line.replace("redis://localhost:6379/0", redis_server.url(0))
    filled = filled.replace("/var/lib/app/sessions", str(folder))
    flask, group, *arguments = filled.split()
    assert (flask, group) == ("flask", "session")
    site.told(*arguments)
    if "cachelib:" in line:
        (file,) = folder.iterdir()
        assert len(file.name) == 64


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 10
