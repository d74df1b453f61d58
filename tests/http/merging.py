"""The stores that keep both of two changes, and those that can't, by their names in `configured`."""

from __future__ import annotations

import pytest

from configured import CONFIGURED

OVERWRITING = {"cachelib"}
MERGING = [
    # A thread that ends leaves its socket to python-memcached, which doesn't close it.
    pytest.param(name, marks=pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))
    if name == "python_memcached"
    else name
    for name in CONFIGURED
    if name not in OVERWRITING
]
