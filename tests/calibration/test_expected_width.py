"""The width that follows from rate and error share, against outages that are only simulated."""

from __future__ import annotations

import random
from statistics import median

import pytest

from drdrill.calibration.expected_width import expected_width_s
from drdrill.calibration.kinds import ERROR_SHARE, OUTAGES
from drdrill.measure import judge
from drdrill.measure.story import story

KINDS = {kind.name: kind for kind in OUTAGES}


def test_a_total_outage_is_as_wide_as_the_probes_are_apart() -> None:
    assert expected_width_s(KINDS["refused"], 1.0, 0.02) == 0.02


def test_a_queue_that_is_answered_at_the_end_adds_the_latency_that_is_still_good() -> None:
    assert expected_width_s(KINDS["stopped-queue"], 1.0, 0.02) == pytest.approx(0.22)


def test_half_the_rate_doubles_the_width_of_a_partial_outage() -> None:
    kind = KINDS["errors"]
    assert expected_width_s(kind, 100.0, 0.02) == pytest.approx(expected_width_s(kind, 200.0, 0.04) / 2, rel=0.05)


def test_the_judge_gives_a_partial_outage_the_width_that_was_derived_and_holds_its_end() -> None:
    draw, kind, widths, held, count = random.Random(3), KINDS["errors"], [], 0, 60
    for _ in range(count):
        words = []
        for number in range(250):
            due = 100 + number * 0.02
            failed = number < 100 and draw.random() < ERROR_SHARE
            words.append(f"{number}{'?' if failed else '+'}@{due:.2f}~{due:.2f}..{due + 0.001:.3f}")
        (recovery,) = judge(
            story(f"{' '.join(words)} | fault 99.999..99.9995 | survivors all | level share=0.98 hold=0.3")
        ).recoveries
        assert recovery.rta_s is not None and recovery.rta_s.high is not None
        widths.append(recovery.rta_s.high - recovery.rta_s.low)
        held += recovery.rta_s.low <= 2.0 <= recovery.rta_s.high
    assert median(widths) == pytest.approx(expected_width_s(kind, 2.0, 0.02), rel=0.35)
    assert held >= 59
