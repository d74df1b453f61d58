"""Scenarios made by a test, whose steps are played by different releases on one database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compat.conftest import Player


class Conversation:
    """One browser that talks to several apps, each of another release, which share one store."""

    def __init__(self, player: Player, **settings: Any) -> None:
        self.player = player
        self.settings = settings
        self.cookie: str | None = None

    def ask(self, release: str, run: str = "", answer: str | None = None, **settings: Any) -> dict[str, Any]:
        """One request to an app of that release. Gives its report."""
        request = {"run": run} | ({} if answer is None else {"answer": answer})
        task = {"requests": [request], "settings": {**self.settings, **settings}, "cookie": self.cookie}
        played = self.player.play(release, **task, keep=True, database=3)["default"]
        self.cookie = played["cookie"]
        (report,) = played["exchanges"]
        assert report["status"] == 200, report
        return report
