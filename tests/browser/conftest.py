"""The demo as a process of its own, and Chromium with a profile of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from redis_server import RedisServer, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.remote.webelement import WebElement

APP = Path(__file__).resolve().parents[2] / "examples" / "flask_app" / "app.py"
START_LIMIT = 120.0
PAGE_LIMIT = 120.0


def is_gone(page: WebElement) -> bool:
    """Whether the browser has left the page of this element."""
    try:
        page.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:
        # What Chromium says while it is just leaving.
        if "does not belong to the document" in (error.msg or ""):
            return True
        raise
    return False


@dataclass
class Site:
    """The running demo."""

    url: str
    backend: str


@pytest.fixture(scope="module", params=["filesystem", "redis"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    environment = {name: value for name, value in os.environ.items() if name != "DEMO_URL"}
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("shared_redis_server")
        environment["DEMO_URL"] = server.url()
    folder = tmp_path_factory.mktemp(request.param)
    log = folder / "log"
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", str(APP), "run", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        wait_until_it_listens(port, process, log)
        yield Site(f"http://127.0.0.1:{port}", request.param)
    finally:
        process.terminate()
        process.wait(120)


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_LIMIT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the demo did not start:\n{log.read_text()}") from None
            time.sleep(0.05)


@dataclass
class Browser:
    """Chromium on one profile; closed and opened again, it has what a browser keeps."""

    site: Site
    profile: Path
    scripts: bool = True
    driver: webdriver.Chrome = field(init=False)

    def open(self) -> Browser:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--password-store=basic",
            f"--user-data-dir={self.profile}",
        ):
            options.add_argument(argument)
        if not self.scripts:
            options.add_experimental_option(
                "prefs", {"profile.managed_default_content_settings.javascript": 2}
            )
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(PAGE_LIMIT)
        return self

    def close(self) -> None:
        self.driver.quit()

    def visit(self, path: str) -> None:
        self.driver.get(self.site.url + path)

    def press(self, element: str) -> None:
        """Presses a button, and waits for the page that follows."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.find_element(By.ID, element).click()
        WebDriverWait(self.driver, PAGE_LIMIT).until(lambda _: is_gone(page))

    def log_in(self, name: str, *, remember: bool = False) -> None:
        self.visit("/login")
        self.driver.find_element(By.ID, "name").send_keys(name)
        if remember:
            self.driver.find_element(By.ID, "remember").click()
        self.press("log-in")

    def text(self, element: str) -> str | None:
        found = self.driver.find_elements(By.ID, element)
        return found[0].text if found else None

    def flashes(self) -> list[str]:
        return [found.text for found in self.driver.find_elements(By.CLASS_NAME, "flash")]

    def cookie(self) -> dict[str, object] | None:
        return self.driver.get_cookie("session")


@pytest.fixture
def browser(site: Site, tmp_path: Path) -> Iterator[Browser]:
    browser = Browser(site, tmp_path / "profile").open()
    yield browser
    browser.close()
