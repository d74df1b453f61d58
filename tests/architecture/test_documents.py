"""What the documents say is true: links, examples, settings, commands."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from flask_session import settings

from .repository import ROOT, documents, name_of

CODE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def without_code(path: Path) -> str:
    return re.sub(r"`[^`\n]*`", "", CODE.sub("", path.read_text()))


def headings(path: Path) -> set[str]:
    """The anchors that a Markdown viewer makes of the headings."""
    lines = re.findall(r"^#+ +(.+)$", CODE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    broken = []
    for link in LINK.findall(without_code(path)):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and anchor not in headings(file)):
            broken.append(link)
    assert broken == []


EXAMPLES = [
    pytest.param(code, id=f"{name_of(path)}-{number}")
    for path in documents()
    for number, (_, language, code) in enumerate(CODE.findall(path.read_text()), 1)
    if language == "python"
]


SERVERS = {
    "REDIS_URL": "shared_redis_server",
    "MYSQL_URL": "mysql_server",
    "MEMCACHED_URL": "memcached_server",
    "DYNAMODB_URL": "dynamodb_server",
    "MONGODB_URL": "mongodb_server",
    "CLUSTER_URL": "redis_cluster",
    "SENTINEL_URL": "redis_sentinel",
    "POSTGRESQL_URL": "postgresql_server",
}
"""What examples read from the environment, and the server whose URL it is."""


@pytest.mark.parametrize("code", EXAMPLES)
def test_every_python_example_runs(code: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    example = tmp_path / "example.py"
    example.write_text(code)
    urls = {}
    for name, server in SERVERS.items():
        if name in code:
            url = request.getfixturevalue(server).url
            urls[name] = url() if callable(url) else url
    command = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(
        command, cwd=tmp_path, check=False, capture_output=True, text=True, env={**os.environ, **urls}
    )
    assert done.returncode == 0, done.stderr


def test_there_are_examples() -> None:
    assert EXAMPLES


def test_every_setting_that_a_document_names_exists() -> None:
    known = {setting.name for _, group in settings.sections() for setting in group} | set(Flask("any").config)
    unknown = {
        f"{name_of(path)}: {key}"
        for path in documents()
        for key in re.findall(r"\bSESSION_[A-Z_]*[A-Z]\b(?!_)", path.read_text())
        if key not in known
    }
    assert unknown == set()


def test_every_make_target_that_a_document_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    assert {"demo", "test", "help"} <= targets
    unknown = {
        f"{name_of(path)}: make {target}"
        for path in documents()
        for target in re.findall(r"(?:`|^ *)make ([a-z-]+)", path.read_text(), re.MULTILINE)
        if target not in targets
    }
    assert unknown == set()


def test_the_page_of_settings_is_what_the_code_says() -> None:
    page = runpy.run_path(str(ROOT / "dev" / "make_settings_page.py"))["page"]()
    assert (ROOT / "docs" / "settings.md").read_text() == page, "run: make docs"
