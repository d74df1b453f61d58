"""Flask-Session 0.8.0 and we share one Redis, in both directions, and nobody is logged out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compat.continuing import Conversation

if TYPE_CHECKING:
    from compat.conftest import Player

SETTINGS: dict[str, dict[str, Any]] = {
    "msgpack": {},
    "json": {"SESSION_SERIALIZATION_FORMAT": "json"},
    "signed": {"SESSION_USE_SIGNER": True, "SECRET_KEY": "a secret"},
    "signed_json": {
        "SESSION_USE_SIGNER": True,
        "SECRET_KEY": "a secret",
        "SESSION_SERIALIZATION_FORMAT": "json",
    },
}
TYPED = """
session["tuple"] = (1, (2,))
session["set"] = {7}
session["decimal"] = Decimal("1.10")
session["uuid"] = UUID(int=5)
session["date"] = date(2024, 2, 29)
session["naive"] = datetime(2024, 2, 29, 1, 2, 3)
session["markup"] = Markup("<b>hello</b>")
"""
NAMES = ("tuple", "set", "decimal", "uuid", "date", "naive", "markup")
SEE = f"[(name, session[name]) for name in {NAMES}]"
AS_THEY_WERE = (
    "[('tuple', (1, (2,))), ('set', {7}), ('decimal', Decimal('1.10')), "
    "('uuid', UUID('00000000-0000-0000-0000-000000000005')), ('date', datetime.date(2024, 2, 29)), "
    "('naive', datetime.datetime(2024, 2, 29, 1, 2, 3)), ('markup', Markup('<b>hello</b>'))]"
)
AS_0_8_0_READS_THEM = (
    "[('tuple', [1, [2]]), ('set', [7]), ('decimal', '1.10'), "
    "('uuid', '00000000-0000-0000-0000-000000000005'), ('date', '2024-02-29'), "
    "('naive', '2024-02-29T01:02:03'), ('markup', '<b>hello</b>')]"
)


@pytest.fixture(params=SETTINGS)
def conversation(request: pytest.FixtureRequest, player: Player) -> Conversation:
    return Conversation(player, **SETTINGS[request.param])


@pytest.fixture
def plain_conversation(player: Player) -> Conversation:
    return Conversation(player)


def test_a_session_goes_back_and_forth_without_a_log_out(conversation: Conversation) -> None:
    conversation.ask("0.8.0", 'session["user"] = "ann"; session["cart"] = [{"pen": 1}]')
    first = conversation.cookie
    seen = conversation.ask("ours", 'session["cart"].append({"ink": 2})', 'session["user"]')
    assert seen["body"] == "'ann'"
    seen = conversation.ask("0.8.0", 'session["count"] = 1', 'session["cart"]')
    assert seen["body"] == "[{'pen': 1}, {'ink': 2}]"
    seen = conversation.ask("ours", 'session.pop("cart")', "sorted(session.items())")
    assert seen["body"] == "[('_permanent', True), ('count', 1), ('user', 'ann')]"
    seen = conversation.ask("0.8.0", "", "sorted(session.items())")
    assert seen["body"] == "[('_permanent', True), ('count', 1), ('user', 'ann')]"
    assert conversation.cookie == first
    conversation.ask("ours", "session.clear()")
    assert conversation.cookie is None


def test_typed_values_are_plain_there_and_themselves_here(plain_conversation: Conversation) -> None:
    conversation = plain_conversation
    conversation.ask("ours", TYPED)
    assert conversation.ask("ours", "", SEE)["body"] == AS_THEY_WERE
    assert conversation.ask("0.8.0", 'session["other"] = 1', SEE)["body"] == AS_0_8_0_READS_THEM
    assert conversation.ask("ours", 'session["other"] = 2', SEE)["body"] == AS_THEY_WERE


def test_typed_values_in_json_are_plain_there_and_themselves_here(player: Player) -> None:
    conversation = Conversation(player, **SETTINGS["json"])
    conversation.ask("ours", TYPED)
    assert conversation.ask("0.8.0", 'session["other"] = 1', SEE)["body"] == AS_0_8_0_READS_THEM
    assert conversation.ask("ours", 'session["other"] = 2', SEE)["body"] == AS_THEY_WERE


def test_a_typed_value_that_0_8_0_replaces_is_what_0_8_0_wrote(plain_conversation: Conversation) -> None:
    conversation = plain_conversation
    conversation.ask("ours", 'session["pair"] = (1, 2); session["kept"] = (3,)')
    conversation.ask("0.8.0", 'session["pair"] = [4, 5]')
    assert conversation.ask("ours", "", 'session["pair"], session["kept"]')["body"] == "([4, 5], (3,))"


def test_with_keep_types_off_values_are_what_0_8_0_makes_of_them(plain_conversation: Conversation) -> None:
    conversation = plain_conversation
    plain = {"SESSION_KEEP_TYPES": False}
    report = conversation.ask(
        "ours", TYPED.replace('session["markup"] = Markup("<b>hello</b>")', ""), **plain
    )
    assert all(b"__flask_session__".hex() not in entry["payload"] for entry in report["stored"].values())
    conversation.ask("ours", 'session["markup"] = "<b>hello</b>"', **plain)
    assert conversation.ask("ours", "", SEE, **plain)["body"] == AS_0_8_0_READS_THEM
    assert conversation.ask("0.8.0", "", SEE)["body"] == AS_0_8_0_READS_THEM


def test_flash_messages_are_a_list_of_lists_there_and_tuples_here(plain_conversation: Conversation) -> None:
    conversation = plain_conversation
    conversation.ask("ours", 'flash("saved", "ok")')
    assert conversation.ask("0.8.0", "", 'session["_flashes"]')["body"] == "[['ok', 'saved']]"
    assert conversation.ask("ours", "", 'session["_flashes"]')["body"] == "[('ok', 'saved')]"
    conversation.ask("0.8.0", 'flash("again", "ok")')
    seen = conversation.ask("ours", "", "[tuple(one) for one in get_flashed_messages(with_categories=True)]")
    assert seen["body"] == "[('ok', 'saved'), ('ok', 'again')]"


def test_a_renewed_session_is_found_by_the_other_side(plain_conversation: Conversation) -> None:
    conversation = plain_conversation
    conversation.ask("0.8.0", 'session["user"] = "ann"')
    first = conversation.cookie
    conversation.ask("ours", "interface.regenerate(session)")
    assert conversation.cookie != first
    assert conversation.ask("0.8.0", "", 'session["user"]')["body"] == "'ann'"
    conversation.ask("0.8.0", "interface.regenerate(session)")
    assert conversation.ask("ours", "", 'session["user"]')["body"] == "'ann'"
    conversation.cookie = first
    assert conversation.ask("ours", "", 'session.get("user")')["body"] == "None"
