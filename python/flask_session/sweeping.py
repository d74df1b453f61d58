"""Removing expired sessions while requests go on: in a thread of its own, one at a time in a process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .interface import ServerSideSessionInterface


class Sweeper:
    """Sweeps for one interface. A forked child begins afresh: threads don't come along."""

    def __init__(self, interface: ServerSideSessionInterface, app: Flask) -> None:
        self._interface = interface
        self._app = app
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begins, unless it is being done already. No request waits for it, and none fails with it."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._sweep, name="flask-session-sweep", daemon=True)
            self._thread.start()

    def wait(self, timeout: float | None = None) -> None:
        """Until what was begun is done."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _sweep(self) -> None:
        try:
            with self._app.app_context():
                self._interface._delete_expired_sessions()
        except Exception:
            self._app.logger.warning("Expired sessions could not be removed.", exc_info=True)
