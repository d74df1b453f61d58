"""What ``flask session doctor`` looks at: one module for each subject, each a generator of findings."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from .finding import Finding, advice

_GENERAL = ("cookie", "lifetime", "store", "records")
_BACKENDS = ("redis", "memcached", "mongodb", "sqlalchemy", "postgresql", "filesystem", "dynamodb")


def findings(app: Any, interface: Any) -> Iterator[Finding]:
    """All findings. A check that fails itself is one, too."""
    own = [base.__module__.split(".")[1] for base in type(interface).__mro__ if _is_ours(base)]
    backends = [name for name in dict.fromkeys(own) if name in _BACKENDS]
    for name in (*_GENERAL, *backends):
        check = import_module(f".{name}", __name__).check
        try:
            yield from check(app, interface)
        except Exception as error:
            # A driver that isn't there, a permission, a fake of the application's: no reason to stop.
            told = str(error).splitlines()[0] if str(error) else ""
            yield advice(name, f"could not be checked: {type(error).__name__}: {told}", "")


def _is_ours(kind: type) -> bool:
    parts = kind.__module__.split(".")
    return parts[0] == __name__.split(".")[0] and len(parts) > 2
