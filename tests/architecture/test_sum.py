"""The last line of `make test` is what really passed and failed."""

from __future__ import annotations

import dataclasses
import runpy
from typing import TYPE_CHECKING, Any

import pytest

from .repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RUNNER: dict[str, Any] = runpy.run_path(str(ROOT / "dev" / "run_tests.py"))


def counted(reader: str, output: str, status: int) -> tuple[int, int, list[str]]:
    result = RUNNER[reader](output.splitlines(), status)
    return result.passed, result.failed, result.skipped


def test_the_tests_of_all_cargo_programs_are_added_up() -> None:
    output = """
running 3 tests
test id::tests::an_id ... ok
test id::tests::another ... ignored, needs a quiet machine
test id::tests::a_third ... FAILED
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""
    assert counted("cargo_test", output, 101) == (8, 1, ["id::tests::another: needs a quiet machine"])


def test_a_program_that_does_not_compile_has_failed() -> None:
    assert counted("cargo_test", "error[E0308]: mismatched types", 101) == (0, 1, [])


@pytest.mark.parametrize(
    ("closing", "status", "sum_of"),
    [
        ("============ 12 passed in 0.31s ============", 0, (12, 0)),
        ("= 2 failed, 10 passed, 1 skipped, 1 xfailed, 3 errors in 65.10s (0:01:05) =", 1, (11, 5)),
        ("=============== 1 error in 0.17s ===============", 2, (0, 1)),
        ("============ no tests ran in 0.01s ============", 5, (0, 1)),
        ("============ 3 passed in 0.31s ============", 1, (3, 1)),
        ("usage: pytest [options]", 4, (0, 1)),
    ],
)
def test_the_closing_line_of_pytest_is_read(closing: str, status: int, sum_of: tuple[int, int]) -> None:
    assert counted("pytest", closing, status)[:2] == sum_of


def test_skips_are_listed_with_their_reasons() -> None:
    output = (
        "SKIPPED [2] tests/redis/test_a.py:7: no IFDEQ before Redis 8.4\n== 1 passed, 2 skipped in 1.0s =="
    )
    assert counted("pytest", output, 0) == (1, 0, ["tests/redis/test_a.py:7: no IFDEQ before Redis 8.4"] * 2)


def test_a_line_with_a_sessions_id_is_a_failure() -> None:
    lines = [
        "session 7B3dcwy83YF8PXgNLcUIYJA2-qEOvY7BlEaFdqyRaAk was saved",
        "a_name_of_forty_three_letters_is_no_secret_1",
    ]
    assert RUNNER["told_ids"]("step", lines) == 1


def test_a_check_counts_as_one() -> None:
    assert counted("check", "", 0) == (1, 0, [])
    assert counted("check", "", 1) == (0, 1, [])


@pytest.mark.parametrize(
    "reason", ["no redis-server", "chromium is not installed", "could not import 'redis'"]
)
def test_a_skip_for_lack_of_what_make_installs_is_a_failure(reason: str) -> None:
    step = RUNNER["Step"](
        [["echo", f"SKIPPED [1] a.py:1: {reason}\n== 1 skipped in 1.0s =="]], RUNNER["pytest"]
    )
    assert RUNNER["run"]("example", step).failed == 1


def test_a_step_that_cannot_be_prepared_is_not_run_and_is_one_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = RUNNER["Step"]([["touch", tmp_path / "ran"]], RUNNER["pytest"])
    preparing = [["true"], ["sh", "-c", "exit 3"], ["touch", tmp_path / "prepared"]]
    result = RUNNER["run"]("example", dataclasses.replace(step, preparing=preparing))
    assert (result.passed, result.failed, list(tmp_path.iterdir())) == (0, 1, [])
    assert "example: not run, because this failed: sh -c 'exit 3'" in capsys.readouterr().out
    assert result.lacking == "sh -c 'exit 3'"


def test_of_several_checks_each_is_run(tmp_path: Path) -> None:
    result = RUNNER["run"](
        "example", RUNNER["Step"]([["false"], ["touch", tmp_path / "ran"]], RUNNER["check"])
    )
    assert (result.passed, result.failed) == (0, 1)
    assert (tmp_path / "ran").exists()
