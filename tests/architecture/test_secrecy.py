"""The plugin that looks for secrets finds them, wherever they are told."""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from secrecy import secrets_in

from .repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FLAG = b"\xaa_permanent\xc3"
TELLING = {
    "logs": "logging.getLogger('flask_session').debug('saved %s', SECRET)",
    "logs a traceback": "try: raise KeyError(SECRET)\n    except KeyError: logging.exception('it failed')",
    "raises": "try: raise SessionCorrupt(SECRET)\n    except SessionCorrupt: pass",
    "prints": "print(SECRET)",
    "prints to the errors": "print(SECRET, file=sys.stderr)",
    "is silent": "pass",
}


@pytest.mark.parametrize("place", [0, 1, 2], ids=str)
def test_ids_and_payloads_are_known_by_their_form(place: int) -> None:
    sid = secrets.token_urlsafe(30) + "Aa1"
    payload = b"x" * place + FLAG
    for told in (
        sid,
        f"session:{sid}",
        f"{sid}.signature",
        repr(payload),
        base64.b64encode(payload).decode(),
    ):
        assert secrets_in(f"so {told}, it says"), told
    assert secrets_in('{"_permanent":true}')
    assert not secrets_in("test_a_permanent_session_has_a_name_of_43_letters, SESSION_PERMANENT")


@pytest.mark.parametrize(
    "secret", ["7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk", repr(FLAG)], ids=["id", "payload"]
)
@pytest.mark.parametrize("telling", TELLING)
def test_a_test_that_tells_a_secret_fails(tmp_path: Path, telling: str, secret: str) -> None:
    program = "import logging, sys\nfrom flask_session.exceptions import SessionCorrupt\n"
    program += f"SECRET = {secret!r}\ndef test_it():\n    {TELLING[telling]}\n"
    (tmp_path / "test_it.py").write_text(program)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "secrecy", "-c", "/dev/null", tmp_path]
    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True, check=False)
    assert done.returncode == (0 if telling == "is silent" else 1), done.stdout
    assert ("a secret was" in done.stdout) == (telling != "is silent")
