"""Plays one script on a site with Flask-Session 0.8.0 and on the same site with ours."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .browser import Browser
from .site_process import RELEASES, SiteProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis_server import RedisServer

SELF_SIGNED = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=127.0.0.1",
]


class Neighbours:
    """Starts sites in both environments, on one kind of store."""

    def __init__(self, store: str, folder: Path, redis_url: str) -> None:
        self.store = store
        self.folder = folder
        self.redis_url = redis_url

    def settings(self, release: str) -> dict[str, str]:
        folder = self.folder / release
        folder.mkdir(exist_ok=True)
        return {
            "SESSION_STORE": self.store,
            "STORE_URL": f"{self.redis_url}/{RELEASES.index(release)}",
            "STORE_FOLDER": str(folder),
        }

    def start(self, release: str, name: str, **settings: str) -> SiteProcess:
        return SiteProcess(release, name, self.folder, {**self.settings(release), **settings})

    def play(self, name: str, script: Callable[[Browser], Any]) -> None:
        """The script's own assertions hold for both releases, and both have answered alike."""
        transcripts = {}
        for release in RELEASES:
            site = self.start(release, name)
            try:
                browser = Browser(site.url)
                script(browser)
                transcripts[release] = browser.transcript
            except Exception as error:
                error.add_note(f"on {release}; the site wrote:\n{site.log.read_text()[-4000:]}")
                raise
            finally:
                site.stop()
        assert transcripts["ours"] == transcripts["0.8.0"]

    def play_with_provider(self, name: str, script: Callable[[Browser, str], Any]) -> None:
        """The same for a site that logs its visitors in at `provider`, which speaks TLS."""
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(
            [*SELF_SIGNED, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )
        transcripts = {}
        for release in RELEASES:
            with ExitStack() as stack:
                tls = {"CERTIFICATE": str(certificate), "KEY": str(key)}
                provider = self.start(release, "provider", **tls)
                stack.callback(provider.stop)
                address = provider.url.replace("http:", "https:")
                site = self.start(release, name, PROVIDER=address, REQUESTS_CA_BUNDLE=str(certificate))
                stack.callback(site.stop)
                browser = Browser(site.url, certificate)
                try:
                    script(browser, address)
                except Exception as error:
                    error.add_note(f"on {release}; the site wrote:\n{site.log.read_text()[-4000:]}")
                    error.add_note(f"the provider wrote:\n{provider.log.read_text()[-4000:]}")
                    raise
                transcripts[release] = browser.transcript
        assert transcripts["ours"] == transcripts["0.8.0"]


@pytest.fixture(params=["redis", "filesystem"])
def neighbours(request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer) -> Neighbours:
    return Neighbours(request.param, tmp_path, f"redis://127.0.0.1:{redis_server.port}")
