"""A late instrument is told of: where the schedule lag exceeds the probe spacing, the verdict says so."""

from __future__ import annotations

import pytest

from drdrill.model.judgement import Interval

from .verdict_of import finding, reason, recovery, told

SPACING_S = 0.02
LATE = "because the recorders themselves sent late"


def story(lag_s: float, *, objective: str = "rto=30") -> str:
    """A second transfer each 100 ms in the second after the restoration, every one of them sent so late."""
    late = " ".join(
        f"{number}+@{105 + number / 10:g}~{105 + number / 10 + lag_s:g}..{105.005 + number / 10 + lag_s:g}"
        for number in range(10)
    )
    line = "transfer every 0.02: 90..100+ 100..105? 105.01..130+"
    return f"{late} | {line} | survivors all | objective {objective}"


def test_a_generator_that_sends_late_at_the_edge_is_named_in_the_verdict() -> None:
    assert reason(story(0.3), "rto.transfer").endswith(f"(widened by 0.3 s, {LATE}), objective 30 s")


@pytest.mark.parametrize("lag_s", [0.0, SPACING_S / 2])
def test_a_generator_that_is_late_by_less_than_the_spacing_is_not(lag_s: float) -> None:
    assert LATE not in reason(story(lag_s), "rto.transfer")


def test_lateness_can_cost_the_verdict() -> None:
    """On time it passes by a hair; late, the same outage may have lasted longer than the objective."""
    assert finding(told(story(0.0, objective="rto=5.2")), "rto.transfer").verdict == "pass"
    late = finding(told(story(0.3, objective="rto=5.2")), "rto.transfer")
    assert late.verdict == "unknown"
    assert LATE in late.reason
    assert "the interval does not decide" in late.reason


def test_lateness_is_told_of_a_service_that_never_came_back_as_well() -> None:
    """All of what was sent in the outage was sent late: there is no interval to widen, and it is said all the same."""
    late = " ".join(f"{number}?@{101 + number}~{101.3 + number}" for number in range(20))
    text = f"{late} | transfer every 0.05: 90..100+ 100..130? | survivors all | objective rto=60"
    assert recovery(text).rta_s is None
    assert reason(text, "rto.transfer").endswith("(the recorders themselves sent up to 0.3 s late), objective 60 s")


def test_the_widening_is_the_lag_itself() -> None:
    on_time, late = recovery(story(0.0)).rta_s, recovery(story(0.3)).rta_s
    assert isinstance(on_time, Interval)
    assert isinstance(late, Interval)
    assert late.low == pytest.approx(on_time.low - 0.3, abs=0.011)
