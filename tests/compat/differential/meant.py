"""Which difference of `docs/differences.md` explains what differs in a step, if any does.

Each explanation looks at both sides and demands exactly what the row of its id says; under the setting that
gives 0.8.0's behaviour back it explains nothing.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from compat.differences import deleted_as_by_0_8_0, leaves, without_notes
from compat.differential.pair import SLACK
from compat.differential.scripts import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compat.differential.backends import Stored

RESERVED = "__flask_session__"
SQL = ("sqlite", "postgresql", "mariadb")
FORMATTED = ("redis", "memcached", "mongodb", "dynamodb", *SQL)
"""Where records have SESSION_SERIALIZATION_FORMAT on both sides."""


@dataclass
class Step:
    """One request to both sides, and what is known of it."""

    backend: str
    settings: Mapping[str, Any]
    kind: str
    """The machine's rule."""
    happened: str | None
    """What was done to the client's record or keys before: `expired`, say."""
    theirs: dict[str, Any]
    ours: dict[str, Any]
    before: dict[str, dict[str, Stored]]
    """The records of both sides before the request."""
    expected: list[dict[str, Any]] | None = None
    """The sessions in our store after two requests at once, where both are kept."""
    inner: str = ""
    """The request that ran meanwhile."""
    changing: bool = True
    """Whether the outer one of two requests at once leaves the session changed."""
    used: set[str] = field(default_factory=set)
    """The ids that explained something."""

    @property
    def pickled(self) -> bool:
        return self.backend in ("filesystem", "cachelib")

    @property
    def form(self) -> str:
        return str(self.settings["SESSION_SERIALIZATION_FORMAT"])


def decoded(payload: bytes) -> Any:
    """A record of any format, as 0.8.0 reads it; one that can't be read as it is."""
    if payload[:1] == b"\x80":
        return pickle.loads(payload) if payload[1:2] in b"\x04\x05" and payload.endswith(b".") else {}
    if payload[:1] == b"{":
        return msgspec.json.decode(payload)
    try:
        return msgspec.msgpack.decode(payload)
    except msgspec.DecodeError:
        return {"unreadable": payload}


def as_0_8_0_reads(value: Any, form: str) -> Any:
    """What becomes of a value that 0.8.0 writes and reads again, sets in one order."""
    codec = msgspec.json if form == "json" else msgspec.msgpack
    return in_one_order(codec.decode(codec.encode(in_one_order(value))))


def in_one_order(value: Any) -> dict[Any, Any]:
    """The session with the set under `seen`, or the list that was made of it, sorted."""
    pairs = value.items() if isinstance(value, dict) else value
    made = {}
    for key, entry in pairs:
        made[key] = sorted(entry, key=repr) if key == "seen" else entry
    return made


def same(one: Any, other: Any) -> bool:
    """Equal, types included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def session_of(body: str) -> Any:
    """The session that an answer tells."""
    return dict(eval(body, dict(NAMES))) if body else None


def contents(payload: bytes) -> dict[str, Any]:
    """A stored session, as 0.8.0 reads it, without flag and notes."""
    plain = {key: value for key, value in decoded(payload).items() if key not in (RESERVED, "_permanent")}
    return in_one_order(plain)


# The whole step: afterwards the two sides hold different sessions, so both begin afresh.


def reads_what_0_8_0_cannot(step: Step) -> bool:
    return step.theirs["status"] == 500 and step.ours["status"] == 200


def is_fresh(report: dict[str, Any]) -> bool:
    """The request found no session."""
    return report["status"] == 200 and not (session_of(report["body"]) or {}).keys() - {"_permanent"}


def undecodable(step: Step) -> bool:
    return step.happened == "garbage" and reads_what_0_8_0_cannot(step) and is_fresh(step.ours)


def foreign_pickle(step: Step) -> bool:
    return step.happened == "pickle of a class" and not is_fresh(step.theirs) and is_fresh(step.ours)


def late_expiry(step: Step) -> bool:
    return step.happened == "expired" and not is_fresh(step.theirs) and is_fresh(step.ours)


def without_expiry(step: Step) -> bool:
    return step.happened == "without expiry" and is_fresh(step.theirs) and not is_fresh(step.ours)


def rotated(step: Step) -> bool:
    return step.happened == "rotated" and is_fresh(step.theirs) and not is_fresh(step.ours)


def second_cookie(step: Step) -> bool:
    return step.kind == "several cookies" and is_fresh(step.theirs) and not is_fresh(step.ours)


def planted_id(step: Step) -> bool:
    return step.kind == "planted id" and not is_fresh(step.theirs) and is_fresh(step.ours)


def text_of_a_class(step: Step) -> bool:
    return step.kind == "text of a class" and reads_what_0_8_0_cannot(step)


def unwritable_type(step: Step) -> bool:
    return step.kind == "type that is an error" and reads_what_0_8_0_cannot(step)


def too_deep(step: Step) -> bool:
    return (
        step.kind == "too deep"
        and (step.theirs["status"], step.ours["status"]) == (200, 500)
        and step.ours["raised"] == "SessionUnsupported"
    )


def too_large(step: Step) -> bool:
    return (
        step.kind == "too large"
        and (step.theirs["status"], step.ours["status"]) == (200, 500)
        and step.ours["raised"] == "SessionTooLarge"
    )


def failed_renewal(step: Step) -> bool:
    """Both fail; of 0.8.0's the old record has gone."""
    alive = {
        key for key, entry in step.ours["stored"].items() if entry["seconds"] is None or entry["seconds"] > 0
    }
    return (
        step.kind == "renewal that fails"
        and step.theirs["status"] == step.ours["status"] == 500
        and len(alive - step.theirs["stored"].keys()) == 1
    )


def nested_change(step: Step) -> bool:
    """0.8.0 has not written, and we have written what 0.8.0's request saw as well."""
    return (
        not step.settings["SESSION_REFRESH_EACH_REQUEST"]
        and step.kind == "request"
        and "raised" not in step.ours
        and step.theirs["status"] == step.ours["status"] == 200
        and not changed(step, "0.8.0")
        and changed(step, "ours")
        and not last_flags(step.theirs)["modified"]
    )


def changed(step: Step, side: str) -> bool:
    """Whether the request wrote another payload."""
    report = step.theirs if side == "0.8.0" else step.ours
    before = sorted(stored.payload for stored in step.before[side].values())
    return before != sorted(entry["payload"] for entry in report["stored"].values())


def last_flags(report: dict[str, Any]) -> dict[str, Any]:
    return dict(list(report["flags"].values())[-1])


def kept_both(step: Step) -> bool:
    """The store holds what both requests left."""
    if step.expected is None:
        return False
    left = [contents(entry["payload"]) for entry in step.ours["stored"].values()]
    return sorted(left, key=repr) == sorted(step.expected, key=repr)


def merged(step: Step) -> bool:
    return step.settings["SESSION_ON_CONFLICT"] != "overwrite" and kept_both(step)


def both_writers(step: Step) -> bool:
    return step.inner.startswith(("session[", "session.pop(")) and merged(step)


def emptied(step: Step) -> bool:
    return both_writers(step) and not step.theirs["stored"]


def final_logout(step: Step) -> bool:
    ended = step.inner in ("session.clear()", "interface.regenerate(session)")
    return ended and merged(step) and not step.ours["cookies"]


def nothing_to_write(step: Step) -> bool:
    """Our outer request changed nothing, so it wrote nothing, and left what the inner one did."""
    return not step.changing and kept_both(step)


def more_than_a_format_stores(step: Step) -> bool:
    """A pickle takes the value, or cachelib leaves an empty file and says nothing."""
    failing = ("value that is an error", "renewal that fails")
    return step.kind in failing and (step.theirs["status"], step.ours["status"]) == (200, 500)


def seen_late(step: Step) -> bool:
    """Our outer request loaded the session after the inner one had ended."""
    return step.kind == "interleaved, untouched before" and not step.settings["SESSION_EAGER"]


DIVERGING: list[tuple[str, tuple[str, ...], Callable[[Step], bool]]] = [
    ("undecodable-is-a-fresh-session", (), undecodable),
    ("pickles-are-data", (), foreign_pickle),
    ("mongodb-expires", ("mongodb",), late_expiry),
    ("dynamodb-expires", ("dynamodb",), late_expiry),
    ("sql-rows-without-expiry", ("sqlite", "postgresql", "mariadb"), without_expiry),
    ("key-rotation", (), rotated),
    ("several-cookies", (), second_cookie),
    ("only-ids-reach-the-store", (), planted_id),
    ("subclasses-of-text-are-text", (), text_of_a_class),
    ("more-types-are-stored", (), unwritable_type),
    ("nesting-has-a-limit", (), too_deep),
    ("too-large-is-an-error", ("memcached",), too_large),
    ("renewed-when-saved", (), failed_renewal),
    ("nested-changes-are-saved", (), nested_change),
    ("files-of-our-own", ("filesystem",), more_than_a_format_stores),
    ("written-when-changed", (), nothing_to_write),
    ("emptied-is-not-deleted-for-others", (), emptied),
    ("both-writers-are-kept", (), both_writers),
    ("a-logout-is-final", (), final_logout),
    ("loaded-when-touched", (), seen_late),
]
"""Id, the backends where it shows (none: all), and the condition; the first that fits explains the step."""

FIELDS: dict[str, tuple[str, ...]] = {
    "deleted-as-set": (),
    "extended-when-read": (),
    "files-of-our-own": ("filesystem",),
    "sets-in-order": FORMATTED,
    "sql-expired-rows-stay": SQL,
    "touched-once-an-interval": (),
    "types-are-kept": FORMATTED,
    "unstorable-names-its-key": FORMATTED,
    "written-when-changed": FORMATTED,
}
"""Ids that explain single fields, and the backends where they show."""
EXPLAINING = FIELDS.keys() | {identity for identity, _, _ in DIVERGING}


# A field: the sessions are the same.


def explained_payload(step: Step, key: str, theirs: bytes, ours: bytes) -> str | None:
    if not theirs or not ours:
        return None
    plain = ours if step.backend == "cachelib" else without_notes(ours)
    if step.backend == "cachelib":
        return "" if same(in_one_order(decoded(theirs)), in_one_order(decoded(ours))) else None
    if step.backend == "filesystem":
        equal = same(as_0_8_0_reads(decoded(theirs), step.form), in_one_order(decoded(plain)))
        return "files-of-our-own" if equal else None
    if plain != ours and not step.settings["SESSION_KEEP_TYPES"]:
        return None
    if plain == theirs:
        return "types-are-kept"
    left, right = decoded(theirs), decoded(plain)
    if not same(in_one_order(left), in_one_order(right)):
        return None
    unwritten = key in step.before["ours"] and step.before["ours"][key].payload == ours
    if theirs[:1] == b"{" if plain[:1] != b"{" else theirs[:1] != b"{":
        return "written-when-changed" if unwritten else None
    if len(theirs) != len(plain) or any(
        entries(left)[name] != entry for name, entry in entries(right).items()
    ):
        return "written-when-changed" if unwritten else None
    return "sets-in-order" if left != right else "written-when-changed"


def entries(data: dict[str, Any]) -> dict[str, str]:
    return {key: repr(value) for key, value in in_one_order(data).items()}


def explained_body(step: Step, theirs: str, ours: str) -> str | None:
    left, right = session_of(theirs), session_of(ours)
    if left is None or right is None or step.happened == "pickle of a class":
        return None
    if same(in_one_order(left), in_one_order(right)):
        return ""
    if not same(as_0_8_0_reads(left, step.form), as_0_8_0_reads(right, step.form)):
        return None
    if step.backend == "filesystem":
        return None if step.settings["SESSION_KEEP_TYPES"] else "files-of-our-own"
    if step.backend == "cachelib":
        return None
    return "types-are-kept" if step.settings["SESSION_KEEP_TYPES"] else None


def explained_field(step: Step, name: str, theirs: Any, ours: Any) -> str | None:
    """The id that explains why one field differs; empty if it is the same thing; None if nothing does."""
    key = name.removeprefix("stored.").rpartition(".")[0]
    rests = "touched-once-an-interval" if "SESSION_TOUCH_INTERVAL" not in step.settings else None
    if name.endswith(".payload") and theirs is not None and ours is not None:
        return explained_payload(step, key, theirs, ours)
    if name.endswith(".seconds") and theirs is not None and ours is not None:
        if abs(theirs - ours) < SLACK.total_seconds():
            return ""
        if ours < theirs:
            return rests
        return "extended-when-read" if step.ours["status"] == 500 else None
    if name.startswith("stored.") and theirs is None:
        left = step.ours["stored"][key]["seconds"]
        return "sql-expired-rows-stay" if step.backend in SQL and left is not None and left < 0 else None
    if name == "body":
        return explained_body(step, theirs, ours)
    if name in ("cookies", "meanwhile.cookies"):
        if [deleted_as_by_0_8_0(cookie) for cookie in ours] == theirs:
            return "deleted-as-set"
        return rests if ours == [] and "Max-Age" not in theirs[0] else None
    if name == "vary":
        return rests if ours == [] and step.ours["cookies"] == [] != step.theirs["cookies"] else None
    failing = ("value that is an error", "renewal that fails")
    if name == "raised" and step.kind in failing and ours == "SessionUnsupported":
        return "unstorable-names-its-key"
    return None


def judge(step: Step) -> tuple[list[str], bool]:
    """What no row explains, and whether the two sides hold different sessions from now on."""
    left, right = leaves(step.theirs), leaves(step.ours)
    found = {
        name: (left.get(name), right.get(name))
        for name in [*left, *(name for name in right if name not in left)]
        if left.get(name) != right.get(name)
    }
    explained = {name: explained_field(step, name, *pair) for name, pair in found.items()}
    if all(each is not None for each in explained.values()):
        step.used |= {each for each in explained.values() if each}
        # From here on the record of one side lives longer than that of the other.
        return [], "extended-when-read" in step.used
    for identity, backends, applies in DIVERGING:
        if (not backends or step.backend in backends) and applies(step):
            step.used.add(identity)
            return [], True
    return [
        f"{name}: theirs {pair[0]!r}, ours {pair[1]!r}"
        for name, pair in found.items()
        if explained[name] is None
    ], True
