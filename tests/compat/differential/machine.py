"""Random scripts of requests to both sides, as hypothesis' state machine."""

from __future__ import annotations

import fractions
import pickle
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from compat.differential.backends import LIFE, SIDES
from compat.differential.databases import Database
from compat.differential.meant import Step, as_0_8_0_reads, contents, judge, same
from compat.differential.scripts import (
    STATEMENT_NAMES,
    assignments,
    removals,
    scripts,
)

if TYPE_CHECKING:
    from compat.differential.pair import Pair

CLIENTS = st.sampled_from([1, 2])
LOOK = "sorted(session.items(), key=str)"
STRANGER = "7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk"
COOKIES: list[dict[str, Any]] = [
    {},
    {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Lax"},
    {"SESSION_COOKIE_PATH": "/app", "SESSION_COOKIE_HTTPONLY": False},
]
PICKLE = pickle.dumps({"_permanent": True, "a": fractions.Fraction(1, 2)})
UNWRITABLE = ["Markup('<b>')", "collections.deque([1])", "2**70", "[-2**70]"]


class Machine(RuleBasedStateMachine):
    """Two browsers, an operator who ages and breaks records, and an administrator of keys."""

    pair: Pair
    keep_types: bool
    used: Counter[str]
    """How often each row explained a difference."""
    played: Counter[int]
    """How many sequences had so many steps."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    @initialize(
        form=st.sampled_from(["msgpack", "json"]),
        signed=st.booleans(),
        permanent=st.booleans(),
        refreshing=st.sampled_from([True, True, False]),
        native=st.booleans(),
        hooked=st.sampled_from([False, False, True]),
        on_conflict=st.sampled_from(["merge", "merge", "overwrite"]),
        eager=st.booleans(),
        resting=st.booleans(),
        cookie=st.sampled_from(COOKIES),
    )
    def open(
        self,
        form: str,
        signed: bool,
        permanent: bool,
        refreshing: bool,
        native: bool,
        hooked: bool,
        on_conflict: str,
        eager: bool,
        resting: bool,
        cookie: dict[str, Any],
    ) -> None:
        self.keys = ["key 0"]
        self.happened: dict[int, str] = {}
        self.settings = {
            "PERMANENT_SESSION_LIFETIME": LIFE,
            "SECRET_KEY": self.keys[0],
            "SESSION_SERIALIZATION_FORMAT": form,
            "SESSION_USE_SIGNER": signed,
            "SESSION_PERMANENT": permanent,
            "SESSION_REFRESH_EACH_REQUEST": refreshing,
            "SESSION_KEEP_TYPES": self.keep_types,
            "SESSION_NATIVE": native,
            "SESSION_ON_CONFLICT": on_conflict,
            "SESSION_EAGER": eager,
            "HOOKED": hooked,
            **({} if resting else {"SESSION_TOUCH_INTERVAL": 0}),
            **cookie,
        }
        self.pair.open(self.settings)

    # Requests

    @rule(client=CLIENTS, script=scripts())
    def request(self, client: int, script: str) -> None:
        self.ask(client, "request", script)

    @rule(client=CLIENTS, script=scripts())
    def request_and_look(self, client: int, script: str) -> None:
        self.ask(client, "request", script, LOOK)

    @rule(client=CLIENTS)
    def change_inside(self, client: int) -> None:
        self.ask(client, "request", "session['cart'] = ['x']")
        self.ask(client, "request", "session['cart'].append('y')")

    @rule(client=CLIENTS)
    def look(self, client: int) -> None:
        self.ask(client, "look", "", LOOK)

    @rule(client=CLIENTS)
    def leave_untouched(self, client: int) -> None:
        self.ask(client, "untouched", "", None)

    @rule(client=CLIENTS, kind=st.integers(0, 3))
    def fail(self, client: int, kind: int) -> None:
        name, script = [
            ("value that is an error", "session['a'] = {}"),
            ("renewal that fails", "interface.regenerate(session)\nsession['a'] = {}"),
            ("request", "session['b'] = 5\nraise RuntimeError"),
            ("request", "session['missing']"),
        ][kind]
        self.fill(client)
        self.age(client)
        # A pickle takes more than a format does.
        unstorable = "lambda: 0" if self.pair.backend.pickled else "object()"
        self.ask(client, name, script.format(unstorable))

    @precondition(lambda self: self.pair.backend.name != "cachelib")
    @rule(client=CLIENTS, data=st.data())
    def set_what_only_one_can_store(self, client: int, data: st.DataObject) -> None:
        """Values that one side stores and the other refuses."""
        possible = {"too deep": ["[]\nfor _ in range(299): session['a'] = [session['a']]"]}
        if not self.pair.backend.pickled:
            possible["type that is an error"] = UNWRITABLE
            possible["text of a class"] = ["Text('x')"]
        if self.pair.backend.name == "memcached":
            possible["too large"] = ["'x' * 2_000_000"]
        kind = data.draw(st.sampled_from(sorted(possible)))
        self.ask(client, kind, f"session['a'] = {data.draw(st.sampled_from(possible[kind]))}")

    @rule(client=CLIENTS)
    def send_several_cookies(self, client: int) -> None:
        self.fill(client)
        self.ask(client, "several cookies", "", LOOK, cookie=f"session={STRANGER}; session={{}}")

    @rule(client=CLIENTS, text=st.sampled_from([STRANGER, "../../etc/passwd", "two words", "."]))
    def send_an_id_of_nobody(self, client: int, text: str) -> None:
        self.ask(client, "id of nobody", "session['b'] = 1", LOOK, cookie=f"session={text}")

    @precondition(lambda self: not self.settings["SESSION_USE_SIGNER"])
    @rule(client=CLIENTS)
    def send_a_planted_id(self, client: int) -> None:
        for side, world in self.pair.worlds.items():
            world.names.known.append("planted")
            self.pair.backend.put(side, world.prefix + "planted", self.written(side, {"b": 1}))
        self.ask(client, "planted id", "", LOOK, cookie="session=planted")

    @rule(
        client=CLIENTS,
        touched=st.booleans(),
        inner=st.one_of(
            assignments(), removals(), st.sampled_from(["session.clear()", "interface.regenerate(session)"])
        ),
        outer=st.one_of(assignments(), removals(), st.sampled_from(["", "session.clear()"])),
    )
    def interleave(self, client: int, touched: bool, inner: str, outer: str) -> None:
        self.run_two(client, touched, inner, outer)

    @rule(client=CLIENTS)
    def empty_while_another_adds(self, client: int) -> None:
        self.ask(client, "request", "session.clear()\nsession['a'] = 1")
        self.run_two(client, True, "session['b'] = 1", "session.pop('a', None)")

    def run_two(self, client: int, touched: bool, inner: str, outer: str) -> None:
        """Two requests of one client, the inner one while the outer one runs."""
        if client in self.happened:
            self.ask(client, "look", "", LOOK)
        self.fill(client)
        script = f"{'session.get(1)' if touched else ''}\nmeanwhile({inner!r})\n{outer}"
        seen_early = touched or self.settings["SESSION_EAGER"]
        self.ask(
            client,
            "interleaved" if touched else "interleaved, untouched before",
            script,
            expected=self.after_both(client, inner, outer) if seen_early else None,
            inner=inner,
            changing=self.changes(client, outer),
        )

    def changes(self, client: int, statement: str) -> bool:
        """Whether a statement would leave the client's session changed."""
        world = self.pair.worlds["ours"]
        key = world.key(client)
        if key not in world.records or client in self.happened:
            return True
        form = self.settings["SESSION_SERIALIZATION_FORMAT"]
        data = contents(world.records[key].payload)
        return not same(as_0_8_0_reads(after(data, statement), form), as_0_8_0_reads(data, form))

    def after_both(self, client: int, inner: str, outer: str) -> list[dict[str, Any]] | None:
        """The sessions in our store where both requests are kept, as 0.8.0 reads them.

        None where there was no session before: then each request makes one of its own.
        """
        world = self.pair.worlds["ours"]
        key = world.key(client)
        if key not in world.records or client in self.happened:
            return None
        left = [contents(stored.payload) for other, stored in world.records.items() if other != key]
        between = after(contents(world.records[key].payload), inner)
        # The outer request's change is one to what it has seen, which is what was there before both.
        if between and inner != "interface.regenerate(session)" and self.changes(client, outer):
            between = after(between, outer)
        if between:
            left.append(as_0_8_0_reads(between, self.settings["SESSION_SERIALIZATION_FORMAT"]))
        return left

    # What happens to records and keys

    def fill(self, client: int) -> None:
        """Stores something if the client has no session."""
        if self.pair.worlds["ours"].key(client) not in self.pair.worlds["ours"].records:
            self.ask(client, "request", "session['a'] = 1")

    @rule(client=CLIENTS, data=st.data())
    def have_something_happen(self, client: int, data: st.DataObject) -> None:
        """Expires, breaks or rewrites the client's record."""
        backend, form = self.pair.backend, self.settings["SESSION_SERIALIZATION_FORMAT"]
        plain = {"_permanent": True, "a": 5, "b": [1, 2.5, None]}
        other = (msgspec.json if form == "msgpack" else msgspec.msgpack).encode(plain)
        deeds: dict[str, Any] = {
            "expired": lambda side, key: backend.age(side, key, -60),
            "garbage": lambda side, key: backend.put(side, key, b"\xc1 garbage"),
        }
        if isinstance(backend, Database):
            deeds["without expiry"] = backend.never_expire
        if not backend.pickled:
            deeds["other format"] = lambda side, key: backend.put(side, key, other)
            deeds["pickle of a class"] = lambda side, key: backend.put(side, key, PICKLE)
        name = data.draw(st.sampled_from(sorted(deeds)))
        self.fill(client)
        self.to_records(client, name, deeds[name])

    @rule(client=CLIENTS)
    def age(self, client: int) -> None:
        """Leaves half of its life to the client's record."""
        self.to_records(client, None, lambda side, key: self.pair.backend.age(side, key, LIFE // 2))

    @precondition(lambda self: self.settings["SESSION_USE_SIGNER"])
    @rule()
    def rotate_keys(self) -> None:
        for client in list(self.happened):
            self.ask(client, "look", "", LOOK)
        self.keys.insert(0, f"key {len(self.keys)}")
        self.pair.rotate(self.keys)
        for client in self.pair.worlds["ours"].jars:
            self.happened.setdefault(client, "rotated")

    def to_records(self, client: int, name: str | None, deed: Any) -> None:
        """Does something to the client's record on both sides, if it has one and nothing happened to it."""
        worlds = self.pair.worlds
        keys_of = {side: worlds[side].key(client) for side in SIDES}
        if client in self.happened or any(keys_of[side] not in worlds[side].records for side in SIDES):
            return
        for side in SIDES:
            deed(side, keys_of[side])
            worlds[side].records = self.pair.backend.records(side, worlds[side].keys())
        if name is not None:
            self.happened[client] = name

    def written(self, side: str, data: dict[str, Any]) -> bytes:
        backend = self.pair.backend
        if backend.name == "cachelib" or (backend.pickled and side == "0.8.0"):
            return pickle.dumps(data)
        return msgspec.msgpack.encode(data)

    def ask(
        self,
        client: int,
        kind: str,
        run: str,
        answer: str | None = None,
        cookie: str | None = None,
        expected: list[dict[str, Any]] | None = None,
        inner: str = "",
        changing: bool = True,
    ) -> None:
        """One request to both sides; whatever differs must be a row's.

        After something happened to the client's record it looks at it first.
        """
        if kind != "look" and client in self.happened:
            self.ask(client, "look", "", LOOK)
        worlds = self.pair.worlds
        before = {
            side: {
                worlds[side].names.applied_to(key.replace(worlds[side].prefix, "session:", 1)): stored
                for key, stored in worlds[side].records.items()
            }
            for side in SIDES
        }
        happened = self.happened.pop(client, None)
        theirs, ours = self.pair.ask(client, run, answer, cookie)
        step = Step(
            self.pair.backend.name,
            self.settings,
            kind,
            happened,
            theirs,
            ours,
            before,
            expected,
            inner,
            changing,
        )
        unlisted, diverged = judge(step)
        self.used.update(step.used)
        assert not unlisted, "\n".join(
            [f"not in docs/differences.md, {kind} after {happened}: {run!r}", *unlisted]
        )
        if diverged:
            self.pair.clear()
            self.happened.clear()

    @invariant()
    def count(self) -> None:
        self.steps += 1

    def teardown(self) -> None:
        self.played[self.steps] += 1


def after(data: dict[str, Any], statement: str) -> dict[str, Any]:
    """The session after one of the statements that `interleave` draws."""
    if statement in ("", "interface.regenerate(session)"):
        return data
    session = dict(data)
    exec(statement, {**STATEMENT_NAMES, "session": session})
    return session
