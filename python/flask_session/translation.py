"""What becomes of a client object: native connections with its settings, or the object itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Native:
    """How ``_core.Store.open`` is called."""

    url: str
    options: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Untranslatable:
    """Why the client has to be used itself."""

    reason: str
