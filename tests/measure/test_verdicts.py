"""Verdicts: the interval rule, merging, and a check that crashes."""

import dataclasses

import numpy as np
import pytest

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.measure.verdicts import Crash, attempt, by_interval, exit_status, gravest, weakened
from drdrill.model.judgement import Interval, Verdict

from .verdict_of import finding, told

PASS, FAIL, UNKNOWN, SKIPPED = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_ASSESSED


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (29.8, 30, PASS),
        (30, 30, PASS),
        (30, 30.1, UNKNOWN),
        (29, 31, UNKNOWN),
        (30.000001, 31, FAIL),
        (29, None, UNKNOWN),
        (31, None, FAIL),
    ],
)
def test_an_interval_meets_an_objective_of_30(low: float, high: float | None, expected: Verdict) -> None:
    assert by_interval(Interval(low=low, high=high), 30) is expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], UNKNOWN),
        ([SKIPPED], UNKNOWN),
        ([PASS], PASS),
        ([PASS, SKIPPED], PASS),
        ([PASS, UNKNOWN], UNKNOWN),
        ([UNKNOWN, FAIL, PASS], FAIL),
    ],
)
def test_the_gravest_verdict_wins(verdicts: list[Verdict], expected: Verdict) -> None:
    assert gravest(verdicts) is expected


def test_doubt_takes_a_pass_and_leaves_a_fail() -> None:
    assert [weakened(verdict) for verdict in (PASS, FAIL, UNKNOWN, SKIPPED)] == [UNKNOWN, FAIL, UNKNOWN, SKIPPED]


def test_the_exit_status() -> None:
    assert [exit_status(verdict, aborted=False) for verdict in (PASS, FAIL, UNKNOWN)] == [0, 1, 2]
    assert exit_status(PASS, aborted=True) == 5


def test_a_check_that_crashes_says_why() -> None:
    crash = attempt("the loss", lambda: 1 // 0)
    assert crash == Crash("the loss could not be judged: ZeroDivisionError: integer division or modulo by zero")
    assert attempt("the loss", lambda: 7) == 7


def test_a_crash_of_one_check_leaves_the_others_alone() -> None:
    history = story("1+@99 | survivors 1 | objective rpo=0.5")
    survivors = history.survivors[0]
    crooked = dataclasses.replace(survivors, accounts=np.zeros(3, dtype=[("account", "<i4")]))
    judgement = judge(dataclasses.replace(history, survivors=(crooked,)))
    assert finding(judgement, "books").verdict is UNKNOWN
    assert "could not be judged" in finding(judgement, "books").reason
    assert finding(judgement, "rpo").verdict is PASS
    assert judgement.exit_status == 2


def test_a_crash_among_the_survivors_makes_loss_unknown() -> None:
    history = story("1+@99 | survivors 1 | objective rpo=5")
    crooked = dataclasses.replace(history.survivors[0], entries=np.zeros(3, dtype=[("op_id", "<i8")]))
    judgement = judge(dataclasses.replace(history, survivors=(crooked,)))
    assert not judgement.loss.valid
    assert "the survivors could not be judged" in finding(judgement, "rpo").reason
    assert judgement.exit_status == 2


def test_a_clean_drill_passes() -> None:
    judgement = told(
        "transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all | objective rto=30 rpo=1 loss=0"
    )
    assert (judgement.verdict, judgement.exit_status) == (PASS, 0)


def test_a_scaled_drill_prints_both_objectives() -> None:
    history = story("transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all | objective rto=6")
    scaled = dataclasses.replace(history, drill=history.drill.model_copy(update={"time_scale": 10.0}))
    assert finding(judge(scaled), "rto.transfer").objective == "6 s at scale 1:10 (60 s at full scale)"


def test_a_planned_journey_that_was_never_recorded_is_unknown() -> None:
    history = story("transfer every 0.02: 90..130+ | survivors all | objective rto=6")
    traffic = history.drill.traffic.model_copy(update={"journeys": {"transfer": 1.0, "statement": 1.0, "loan": 0.0}})
    judgement = judge(dataclasses.replace(history, drill=history.drill.model_copy(update={"traffic": traffic})))
    assert "no operation of statement was recorded" in finding(judgement, "rto.statement").reason
    assert not [one for one in judgement.findings if one.id == "rto.loan"]
    assert judgement.exit_status == 2
