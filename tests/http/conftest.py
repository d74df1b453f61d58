"""Sites on each store that is built in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from merging import MERGING
from site_under_test import Site

from configured import CONFIGURED, close
from places import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def open_site() -> Iterator[Callable[..., Site]]:
    """Opens a site with the given settings; all are closed at the end."""
    sites: list[Site] = []

    def open_one(**config: Any) -> Site:
        sites.append(Site(config))
        return sites[-1]

    yield open_one
    for site in sites:
        site.close()


@pytest.fixture(params=MERGING)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings for a store that keeps both of two changes, native or through a Python client."""
    settings = CONFIGURED[request.param](place_of(request.param, request, tmp_path).told)
    yield settings
    close(settings)


@pytest.fixture
def site(open_site: Callable[..., Site], store: dict[str, Any]) -> Site:
    return open_site(**store)
