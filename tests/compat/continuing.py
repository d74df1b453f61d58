"""Scenarios made by a test, whose steps are played by different releases on one database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from compat.conftest import Player


class Conversation:
    """One browser that talks to several apps, each of another release, which share one store."""

    def __init__(self, player: Player, directory: Path, config: dict[str, Any] | None = None) -> None:
        self.player = player
        self.directory = directory
        self.config = config or {}
        self.cookie: str | None = None

    def ask(
        self, release: str, run: str = "", answer: str | None = None, config: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """One request to an app of that release. Gives its report."""
        request = {"run": run} | ({} if answer is None else {"answer": answer})
        scenario = self.directory / "step.json"
        scenario.write_text(json.dumps({"config": {**self.config, **(config or {})}, "requests": [request]}))
        cookie = [] if self.cookie is None else ["--cookie", self.cookie]
        played = self.player.play(release, "--scenario", scenario, "--keep", *cookie, database=3)["default"]
        self.cookie = played["cookie"]
        (report,) = played["exchanges"]
        assert report["status"] == 200, report
        return report
