"""What each kind of request costs on each store's server: round trips, where others measure time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from actions import log_out, nothing, put, see
from counting_proxy import CountingProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from site_under_test import Site

DUE = {"SESSION_TOUCH_INTERVAL": 0}
KINDS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "untouched": (nothing, {}),
    "untouched, due": (nothing, DUE),
    "read": (see("user"), {}),
    "read, due": (see("user"), DUE),
    "assigned what it is": (put(user="ann"), {}),
    "changed": (put(user="bob"), {}),
    "ended": (log_out, {}),
}
USUAL = {
    "nobody": 0,
    "new": 1,
    "untouched": 0,
    "untouched, due": 1,
    "read": 1,
    "read, due": 1,
    "assigned what it is": 1,
    "changed": 2,
    "ended": 2,
}
STORES = {
    "redis": USUAL,
    "memcached": USUAL,
    "postgresql": USUAL,
    # Its UPDATE can't return what it found.
    "mysql": {**USUAL, "read, due": 2},
    "mongodb": USUAL,
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[tuple[str, CountingProxy, str]]:
    """Its name, the proxy before its server, and the URL through the proxy."""
    server = request.getfixturevalue(f"{request.param}_server")
    proxy = CountingProxy(server.port)
    url = server.url() if callable(server.url) else server.url
    url = url.replace(f":{server.port}", f":{proxy.port}")
    # Else the driver goes to where the server says that it is.
    yield request.param, proxy, f"{url}?directConnection=true" if request.param == "mongodb" else url
    proxy.close()


def opened(open_site: Callable[..., Site], url: str, **config: Any) -> Site:
    """A site whose connection is warm, and knows every statement."""
    site = open_site(SESSION_URL=url, **config)
    browser = site.browser()
    for view in (put(user="ann"), see("user"), put(user="bob"), nothing, log_out):
        assert browser.visit(view).status == 200
    return site


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_of_somebody_known(
    open_site: Callable[..., Site], store: tuple[str, CountingProxy, str], kind: str
) -> None:
    name, proxy, url = store
    view, config = KINDS[kind]
    browser = opened(open_site, url, **config).browser()
    browser.visit(put(user="ann"))
    before = proxy.round_trips
    assert browser.visit(view).status == 200
    assert proxy.round_trips - before == STORES[name][kind]


def test_a_request_of_somebody_new(
    open_site: Callable[..., Site], store: tuple[str, CountingProxy, str]
) -> None:
    name, proxy, url = store
    site = opened(open_site, url)
    before = proxy.round_trips
    assert site.browser().visit(see("user")).body == "None"
    assert proxy.round_trips - before == STORES[name]["nobody"]
    before = proxy.round_trips
    assert site.browser().visit(put(user="ann")).set_cookie is not None
    assert proxy.round_trips - before == STORES[name]["new"]
