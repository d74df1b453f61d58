"""`flask session revoke`: who is revoked is logged out, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cli.conftest import LISTING, Site

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("kind", LISTING)
def test_the_sessions_of_one_user_are_revoked_everywhere(make_site: Callable[..., Site], kind: str) -> None:
    site = make_site(kind)
    others = site.logged_in("bob", "annette")
    anns = [site.logged_in("ann")["ann"] for _ in range(3)]
    result = site.run("revoke", "--key", "user", "--value", "ann")
    assert result.exit_code == 0, result.output
    assert result.output == "3 sessions revoked.\n"
    assert {site.user(cookie) for cookie in anns} == {"nobody"}
    assert [site.user(cookie) for cookie in others.values()] == ["bob", "annette"]
    assert not any(cookie[:8] in result.output for cookie in anns)


def test_a_value_is_compared_as_text(make_site: Callable[..., Site]) -> None:
    site = make_site("redis")
    site.logged_in("ann", "bob", "annette")
    assert site.told("revoke", "--key", "number", "--value", "3") == ["2 sessions revoked."]
    assert site.told("revoke", "--key", "absent", "--value", "None") == ["0 sessions revoked."]


@pytest.mark.parametrize("kind", LISTING)
def test_all_are_revoked_once_it_is_confirmed(make_site: Callable[..., Site], kind: str) -> None:
    site = make_site(kind)
    browsers = site.logged_in("ann", "bob")
    assert site.run("revoke", "--all", input="n\n").exit_code == 1
    assert site.user(browsers["ann"]) == "ann"
    assert site.told("revoke", "--all", "--yes") == ["2 sessions revoked."]
    assert {site.user(cookie) for cookie in browsers.values()} == {"nobody"}


@pytest.mark.parametrize("kind", [*LISTING, "memcached"])
def test_one_session_is_revoked_by_its_id(make_site: Callable[..., Site], kind: str) -> None:
    site = make_site(kind)
    browsers = site.logged_in("ann", "bob")
    result = site.run("revoke", browsers["ann"])
    assert result.output == "1 session revoked.\n"
    assert site.user(browsers["ann"]) == "nobody"
    assert site.user(browsers["bob"]) == "bob"
    again = site.run("revoke", browsers["ann"])
    assert again.exit_code == 1
    assert browsers["ann"] not in again.output


def test_an_id_may_begin_with_a_hyphen(make_site: Callable[..., Site]) -> None:
    site = make_site("redis")
    site.interface._generate_sid = lambda length: "-H-y--key" + "x" * length
    cookie = site.logged_in("ann")["ann"]
    assert site.told("revoke", cookie) == ["1 session revoked."]
    site.interface._generate_sid = lambda length: "--all" + "x" * length
    cookie = site.logged_in("ann")["ann"]
    assert site.told("revoke", cookie) == ["1 session revoked."]


@pytest.mark.parametrize("form", ["signed", "bare", "input"])
def test_the_id_may_be_what_the_cookie_holds(make_site: Callable[..., Site], form: str) -> None:
    site = make_site("redis", SESSION_USE_SIGNER=True, SECRET_KEY="a secret")
    cookie = site.logged_in("ann")["ann"]
    text = {"signed": cookie, "bare": cookie.partition(".")[0], "input": "-"}[form]
    assert site.told("revoke", text, input=cookie + "\n") == ["1 session revoked."]
    assert site.user(cookie) == "nobody"


def test_hooks_of_the_applications_own_are_called(make_site: Callable[..., Site]) -> None:
    site = make_site("redis")
    deleted: list[str] = []
    delete = site.interface._delete_session

    def noted(store_id: str) -> Any:
        deleted.append(store_id)
        return delete(store_id)

    site.interface._delete_session = noted
    cookie = site.logged_in("ann")["ann"]
    site.told("revoke", "--key", "user", "--value", "ann")
    assert deleted == [site.interface.key_prefix + cookie]


def test_a_session_that_is_renewed_meanwhile_is_found_under_its_new_id(
    make_site: Callable[..., Site],
) -> None:
    site = make_site("redis")
    cookie = site.logged_in("ann")["ann"]
    store, prefix = site.interface._current_store(), site.interface.key_prefix
    retrieve = site.interface._retrieve_session_data
    site.logged_in("ann")

    def renewing(store_id: str) -> Any:
        # Its owner logs in once more, just before the first session is looked into.
        payload = store.get(prefix + cookie)
        if payload is not None:
            store.put(prefix + "renewed-session", payload, 1000)
            store.delete(prefix + cookie)
        return retrieve(store_id)

    site.interface._retrieve_session_data = renewing
    site.told("revoke", "--key", "user", "--value", "ann")
    assert store.list(prefix)[0] == []


def test_what_can_not_be_looked_into_is_said(make_site: Callable[..., Site]) -> None:
    site = make_site("filesystem")
    site.logged_in("ann")
    from cachelib import FileSystemCache

    FileSystemCache(site.app.config["SESSION_FILE_DIR"]).set("session:old-session", {"user": "ann"})
    site.interface._current_store().put("session:garbage-session", b"garbage", 1000)
    result = site.run("revoke", "--key", "user", "--value", "ann")
    assert result.exit_code == 1
    assert "1 sessions revoked." in result.output
    assert "sessions could not be looked into" in result.output
    assert site.run("revoke", "--all", "--yes").exit_code == 0
    assert site.user("old-session") == "nobody"


@pytest.mark.parametrize(
    "arguments", [(), ("--all", "x" * 20), ("--key", "user"), ("--value", "ann"), ("--all", "--key", "a")]
)
def test_options_that_make_no_sense_are_refused(
    make_site: Callable[..., Site], arguments: tuple[str, ...]
) -> None:
    assert make_site("redis").run("revoke", *arguments).exit_code == 2


def test_memcached_lists_nothing_and_says_so(make_site: Callable[..., Site]) -> None:
    result = make_site("memcached").run("revoke", "--all", "--yes")
    assert result.exit_code == 1
    assert "memcached" in result.output
