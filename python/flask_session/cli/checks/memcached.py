"""memcached: its memory, its largest item, its clock, asked over a socket of our own."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ...memcached.translate import translate
from ...translation import Native
from .finding import Finding, advice, clock, ok, problem

LIMIT = 5.0
"""Seconds to wait for an answer."""


def check(app: Any, interface: Any) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Findings about each server."""
    yield advice(
        "eviction",
        "memcached removes live sessions when its memory is full, and all of them when it restarts",
        "keep what must not be lost elsewhere",
    )
    configured = interface._configured
    if not isinstance(configured, tuple):
        found = translate(configured)
        if not isinstance(found, Native):
            yield advice("server", f"not asked: {found.reason}", "")
            return
        configured = (found.url,)
    for url in configured:
        began = time.time()
        told, settings = _asked(url, "stats"), _asked(url, "stats settings")
        yield clock(float(told["time"]), began)
        evictions = int(told["evictions"])
        text = f"{told['bytes']} of {told['limit_maxbytes']} bytes in use, {evictions} items evicted"
        if evictions:
            yield problem("eviction", f"{text}: live sessions may be among them", "give memcached more (-m)")
        else:
            yield ok("eviction", text)
        yield ok("size", f"a session may have {settings['item_size_max']} bytes, with its key (-I)")


def _asked(url: str, question: str) -> dict[str, str]:
    place = urlsplit(url)
    if place.hostname is None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(LIMIT)
        connection.connect(place.path)
    else:
        connection = socket.create_connection((place.hostname, place.port or 11211), LIMIT)
    with connection, connection.makefile("rb") as lines:
        connection.sendall(question.encode() + b"\r\n")
        told = {}
        for line in lines:
            words = line.decode().split()
            if words[:1] != ["STAT"]:
                break
            told[words[1]] = words[2] if len(words) > 2 else ""
        return told
