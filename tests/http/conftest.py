"""Sites on each store that is built in."""

from __future__ import annotations

from contextlib import ExitStack
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
def closing() -> Iterator[ExitStack]:
    """What is closed at the end, the last one first: sites before the clients that they use."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def open_site(closing: ExitStack) -> Callable[..., Site]:
    """Opens a site with the given settings."""

    def open_one(**config: Any) -> Site:
        site = Site(config)
        closing.callback(site.close)
        return site

    return open_one


@pytest.fixture(params=MERGING)
def store(request: pytest.FixtureRequest, tmp_path: Path, closing: ExitStack) -> dict[str, Any]:
    """The settings for a store that keeps both of two changes, native or through a Python client."""
    settings = CONFIGURED[request.param](place_of(request.param, request, tmp_path).told)
    closing.callback(close, settings)
    return settings


@pytest.fixture
def site(open_site: Callable[..., Site], store: dict[str, Any]) -> Site:
    return open_site(**store)
