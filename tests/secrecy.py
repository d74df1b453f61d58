"""A plugin of pytest: no test may see an id or a session's content in logs, errors or output.

Nothing needs to be collected to know them. An id is 43 characters of base64, which no word is; and every
payload holds the permanent flag, under a name that nothing else has.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = re.compile(r"(?<![A-Za-z0-9_+/=-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_+/=-])")
PAYLOAD = re.compile(
    r"""["']_permanent\b|(?:\\xaa|\xaa)_permanent|X3Blcm1hbmVud|9wZXJtYW5lbn|fcGVybWFuZW50"""
)
"""The flag as a key in JSON, Python and MessagePack, and its three forms in base64."""


def ids_in(text: str) -> list[str]:
    """Names have no capitals or no digits; of a thousand ids, one."""
    kinds = ("[a-z]", "[A-Z]", "[0-9]")
    return [found for found in ID.findall(text) if all(re.search(kind, found) for kind in kinds)]


def secrets_in(text: str) -> list[str]:
    """What of `text` is an id, or a part of a payload."""
    return ids_in(text) + PAYLOAD.findall(text)


class Listener(logging.Handler):
    """Hears every record, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(message)s"))
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


LISTENER = Listener()


def pytest_configure() -> None:
    from flask_session.exceptions import SessionError

    logging.getLogger().addHandler(LISTENER)
    logging.getLogger("flask_session").setLevel(logging.DEBUG)

    def hear(error: BaseException, *args: Any) -> None:
        LISTENER.heard.append(" ".join(map(str, args)))
        super(SessionError, error).__init__(*args)

    SessionError.__init__ = hear  # type: ignore[assignment, method-assign]


@pytest.fixture(autouse=True)
def no_secret_is_told() -> Iterator[None]:
    """Fails a test during which a log or an error of ours told a secret."""
    LISTENER.heard.clear()
    yield
    told = [text for text in LISTENER.heard if secrets_in(text)]
    assert not told, f"a secret was told: {told}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Fails a test that passed, and wrote a secret to its output."""
    report = yield
    written = [text for _, text in report.sections if secrets_in(text)]
    if report.passed and written:
        report.outcome = "failed"
        report.longrepr = f"a secret was written: {written}"
    return report
