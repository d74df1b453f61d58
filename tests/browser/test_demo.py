"""The demo in a real browser, on the embedded store and on Redis."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from selenium.webdriver.common.by import By

from .conftest import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

FOURTEEN_DAYS = 14 * 24 * 3600


def test_who_only_looks_gets_no_cookie(browser: Browser) -> None:
    for path in ("/", "/cart", "/login", "/session"):
        browser.visit(path)
    assert browser.cookie() is None


def test_a_counter_counts(browser: Browser) -> None:
    browser.visit("/")
    for _ in range(3):
        browser.press("press")
    assert browser.text("count") == "3"


def test_a_cart_that_is_changed_in_place_is_kept(browser: Browser) -> None:
    browser.visit("/")
    browser.press("add-ink")
    browser.press("add-ink")
    browser.press("add-pencil")
    assert browser.text("cart-count") == "3"
    browser.visit("/cart")
    assert (browser.text("quantity-ink"), browser.text("quantity-pencil")) == ("2", "1")
    assert browser.text("total") == "25.00"
    browser.press("more-pencil")
    browser.press("less-ink")
    browser.press("less-ink")
    assert (browser.text("quantity-ink"), browser.text("quantity-pencil")) == (None, "2")


def test_a_flash_message_is_seen_once(browser: Browser) -> None:
    browser.visit("/")
    browser.press("add-ruler")
    assert browser.flashes() == ["Ruler added to your cart."]
    browser.visit("/")
    assert browser.flashes() == []


def test_a_login_changes_the_id_and_keeps_what_the_session_held(browser: Browser) -> None:
    browser.visit("/")
    browser.press("add-clips")
    before = browser.cookie()
    browser.log_in("Ada")
    after = browser.cookie()
    assert before is not None
    assert after is not None
    assert before["value"] != after["value"]
    assert (browser.text("visitor"), browser.text("cart-count")) == ("Ada", "1")


def test_a_remembered_session_outlives_the_browser_window(browser: Browser) -> None:
    browser.log_in("Ada", remember=True)
    browser.press("add-ink")
    browser.close()
    browser.open()
    browser.visit("/")
    assert (browser.text("visitor"), browser.text("cart-count")) == ("Ada", "1")


def test_any_other_session_ends_with_the_browser_window(browser: Browser) -> None:
    browser.log_in("Ada")
    browser.press("add-ink")
    browser.close()
    browser.open()
    browser.visit("/")
    assert (browser.text("visitor"), browser.text("cart-count")) == (None, None)
    assert browser.cookie() is None


def test_a_logout_removes_the_cookie_and_the_session(browser: Browser) -> None:
    browser.log_in("Ada", remember=True)
    cookie = browser.cookie()
    assert cookie is not None
    browser.press("log-out")
    assert browser.text("visitor") is None
    assert browser.cookie() is None

    browser.driver.add_cookie(cookie)
    browser.visit("/")
    assert browser.text("visitor") is None


def test_the_browser_sees_the_cookie_as_it_was_configured(browser: Browser) -> None:
    browser.visit("/")
    browser.press("press")
    cookie = browser.cookie()
    assert cookie is not None
    expected = {"name": "session", "domain": "127.0.0.1", "path": "/"}
    expected |= {"httpOnly": True, "secure": False, "sameSite": "Lax"}
    assert cookie == expected | {"value": cookie["value"]}
    assert browser.driver.execute_script("return document.cookie") == ""

    browser.visit("/session")
    browser.driver.find_element(By.ID, "remember").click()
    browser.press("save")
    remembered = browser.cookie()
    assert remembered is not None
    expiry = remembered.pop("expiry")
    assert remembered == cookie
    assert isinstance(expiry, int)
    assert abs(expiry - time.time() - FOURTEEN_DAYS) < 60


def test_the_page_about_the_session_tells_the_truth(browser: Browser, site: Site) -> None:
    browser.log_in("Ada", remember=True)
    browser.visit("/session")
    cookie = browser.cookie()
    assert cookie is not None
    assert browser.text("sid") == str(cookie["value"])[:6] + "…"
    assert browser.text("backend") == site.backend
    assert browser.text("guarantee") == "merge"
    assert (browser.text("age") or "").endswith(("second", "seconds", "minute", "minutes"))
    small = int(browser.text("size") or "")
    browser.visit("/")
    browser.press("add-ink")
    browser.visit("/session")
    assert int(browser.text("size") or "") > small > 0


def test_it_works_without_scripts(site: Site, tmp_path: Path) -> None:
    browser = Browser(site, tmp_path / "profile", scripts=False).open()
    try:
        browser.log_in("Ada")
        browser.press("add-ink")
        assert (browser.text("visitor"), browser.text("cart-count")) == ("Ada", "1")
    finally:
        browser.close()


def test_it_fits_a_phone(browser: Browser) -> None:
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.log_in("A rather long name that nobody has")
    browser.press("add-envelopes")
    for path in ("/", "/cart", "/session", "/login"):
        browser.visit(path)
        assert browser.driver.execute_script("return document.documentElement.scrollWidth") == 360, path
