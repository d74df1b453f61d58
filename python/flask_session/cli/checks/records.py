"""A sample of what is stored: who wrote it, and whether it can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..._core import Codec
from ...exceptions import SessionCorrupt, SessionError, SessionUnsupported
from ...lifetime import seconds
from ...serializer import codec_of
from ...settings import SESSION_LEGACY_PICKLE
from ...store import keys
from ..places import nameless_files
from .finding import Finding, advice, ok, problem

SAMPLE = 1000
MOST_REASONS = 5


def check(app: Any, interface: Any) -> Iterator[Finding]:
    """Findings about up to SAMPLE records."""
    store = interface._current_store()
    nameless = len(nameless_files(interface))
    if nameless:
        yield advice(
            "records",
            f"{nameless} files are Flask-Session's: each is read and rewritten when its owner comes back",
            "nothing; `flask session cleanup` removes the expired ones",
        )
    if store is None:
        return
    if codec_of(interface.serializer) is None:
        yield ok("records", "are written by a serializer of the application's")
        return
    try:
        sample = list(islice(keys(store, interface.key_prefix), SAMPLE))
    except SessionUnsupported:
        yield ok("records", f"{store.name} can't list them")
        return
    forms, reasons, endless, long = _looked_at(store, sample, seconds(app.permanent_session_lifetime))
    told = ", ".join(f"{number} {form}" for form, number in forms.most_common())
    yield ok("records", f"{len(sample)} looked at: {told or 'none'}")
    if forms["pickle"]:
        yield _pickles(forms["pickle"], SESSION_LEGACY_PICKLE.read(app.config))
    for reason, number in reasons.most_common(MOST_REASONS):
        yield problem(
            "records", f"{number} unreadable: {reason}", "their owners begin anew; nothing need be done"
        )
    if endless:
        yield advice("records", f"{endless} never expire", "`flask session migrate` gives them a lifetime")
    if long:
        yield advice(
            "records", f"{long} live longer than PERMANENT_SESSION_LIFETIME", "nothing, if it was lowered"
        )


def _looked_at(store: Any, sample: list[str], lifetime: int) -> tuple[Counter[str], Counter[str], int, int]:
    forms, reasons, endless, long = Counter[str](), Counter[str](), 0, 0
    for key in sample:
        try:
            found = store.examine(key)
            if found is None:
                continue
            payload, left = found
            forms[_form(payload)] += 1
        except SessionCorrupt as error:
            forms["unreadable"] += 1
            reasons[str(error)] += 1
        except SessionError as error:
            forms["unreadable"] += 1
            reasons[str(error)] += 1
        else:
            # Not every client can tell; where it can, a session without an end is of 0.4 to 0.6.
            endless += left is None and getattr(store, "guarantee", "") == "merge"
            long += left is not None and left > lifetime + 60
    return forms, reasons, endless, long


def _form(payload: bytes) -> str:
    """The format. Raises SessionCorrupt."""
    try:
        Codec(legacy_pickle=False).decode(payload)
    except SessionCorrupt:
        Codec(legacy_pickle=True).decode(payload)
        return "pickle"
    return "JSON" if payload.lstrip()[:1] == b"{" else "msgpack"


def _pickles(number: int, are_read: bool) -> Finding:
    if are_read:
        return advice(
            "records",
            f"{number} are pickles of Flask-Session 0.4 to 0.6; each is rewritten at its next change",
            "`flask session migrate` rewrites all; then set SESSION_LEGACY_PICKLE = False",
        )
    return problem(
        "records",
        f"{number} are pickles of Flask-Session 0.4 to 0.6, and their owners begin anew",
        "set SESSION_LEGACY_PICKLE = True, run `flask session migrate`, and set it to False again",
    )
