"""What several checkers conclude."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drdrill.lab.gateway.health_check import Checker, HealthCheck, Report, is_healthy, look

CHECK = HealthCheck("id", "HTTP", "127.0.0.1", 9, "/", "x", interval_s=0.2, threshold=3)


def after(results: str) -> Checker:
    """A checker that saw these results: ``+`` passed, ``-`` failed."""
    checker = Checker("ap-southeast-1")
    for result in results:
        checker.note(Report(result == "+", result, datetime.now(tz=UTC)), CHECK.threshold)
    return checker


@pytest.mark.parametrize(
    ("results", "healthy"),
    [("", True), ("-", True), ("--", True), ("---", False), ("--+--", True), ("---++", False), ("---+++", True), ("---++-+++", True)],
)  # fmt: skip
def test_an_opinion_changes_after_three_equal_results_in_a_row(results: str, healthy: bool) -> None:
    assert after(results).healthy is healthy


@pytest.mark.parametrize(("one", "two", "three", "healthy"), [
    ("+", "+", "+", True), ("---", "---", "+", True), ("---", "---", "---", False), ("", "", "", True),
])  # fmt: skip
def test_more_than_18_percent_of_the_checkers_decide(one: str, two: str, three: str, healthy: bool) -> None:
    checkers = [after(one), after(two), after(three)]
    assert is_healthy(CHECK, checkers) is healthy
    if one:
        assert is_healthy(replace(CHECK, inverted=True), checkers) is not healthy


def test_a_disabled_check_is_healthy_and_unhealthy_when_inverted() -> None:
    checkers = [after("---")] * 3
    assert is_healthy(replace(CHECK, disabled=True), checkers)
    assert not is_healthy(replace(CHECK, disabled=True, inverted=True), [Checker("x")])


def test_a_shut_endpoint_fails_with_its_reason() -> None:
    report = look(CHECK)
    assert not report.passed
    assert report.text == "Failure: Connection refused"
