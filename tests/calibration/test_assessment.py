"""The verdict on an instrument: what it must show, what convicts it, and what the machine may be blamed for."""

from __future__ import annotations

from itertools import repeat

import pytest

from drdrill.calibration.assessment import assess_losses, assess_outages, gravest, percentile
from drdrill.calibration.kinds import LOSSES, OUTAGES, PROBE_SPACING_S, OutageKind
from drdrill.model.calibration import KindResult, Trial
from drdrill.model.judgement import Interval, Verdict

TOTAL = next(kind for kind in OUTAGES if kind.group == "total")
PARTIAL = next(kind for kind in OUTAGES if kind.group == "partial")
SLOW = "the prober sent up to 80 ms late"


def trial(
    error_s: float = 0.005, half_s: float = 0.011, *, disturbed: str | None = None, expected_s: float = 0.02
) -> Trial:
    return Trial(
        number=1,
        truth=Interval(low=1, high=1),
        observed=Interval(low=1 + error_s - half_s, high=1 + error_s + half_s),
        state="restored",
        disturbed=disturbed,
        expected_width=expected_s,
    )


def assessed(*trials: Trial, kind: OutageKind = TOTAL) -> KindResult:
    return assess_outages(kind, trials, PROBE_SPACING_S)


def test_an_instrument_whose_intervals_hold_the_truth_passes() -> None:
    result = assessed(*repeat(trial(), 10))
    assert (result.verdict, result.contained, result.disturbed) == (Verdict.PASS, 10, 0)
    assert (result.error_median, result.error_p95, result.width_median) == (0.005, 0.005, 0.022)


def test_one_interval_in_ten_without_the_truth_fails_and_one_in_a_hundred_does_not() -> None:
    missed = trial(0.012)
    assert not missed.contains
    result = assessed(*repeat(trial(), 9), missed)
    assert result.verdict is Verdict.FAIL
    assert (
        "9 of 10 hold the truth, 99% must; number 1 does not (true 1.000 to 1.000, observed 1.001 to 1.023)"
        in result.reason
    )
    assert assessed(*repeat(trial(), 99), missed).verdict is Verdict.PASS
    assert assessed(*repeat(trial(), 98), missed, missed).verdict is Verdict.FAIL


def test_a_wide_interval_that_holds_the_truth_still_fails_by_its_middle() -> None:
    assert assessed(*repeat(trial(0.021, 0.05), 10)).verdict is Verdict.FAIL
    assert assessed(*repeat(trial(-0.021, 0.05), 10)).verdict is Verdict.FAIL
    assert assessed(*repeat(trial(0.02, 0.05), 10)).verdict is Verdict.PASS


@pytest.mark.parametrize("wrong", [trial(0.012, disturbed=SLOW), trial(0.03, 0.05, disturbed=SLOW)])
def test_where_only_the_machine_can_be_blamed_the_verdict_is_unknown(wrong: Trial) -> None:
    result = assessed(*repeat(trial(), 9), wrong)
    assert result.verdict is Verdict.UNKNOWN
    assert f"the machine was too slow: {SLOW}" in result.reason


def test_a_disturbed_repetition_that_holds_the_truth_counts_like_any_other() -> None:
    result = assessed(*repeat(trial(disturbed=SLOW), 10))
    assert (result.verdict, result.disturbed) == (Verdict.PASS, 10)


def test_the_machine_is_no_excuse_for_a_sound_repetition_that_misses() -> None:
    assert assessed(*repeat(trial(disturbed=SLOW), 9), trial(0.012)).verdict is Verdict.FAIL


def test_no_interval_at_all_fails() -> None:
    nothing = trial().model_copy(update={"observed": None, "state": "never down"})
    result = assessed(*repeat(trial(), 9), nothing)
    assert result.verdict is Verdict.FAIL
    assert "the judge said never down" in result.reason


def test_an_open_interval_holds_the_truth_but_has_no_middle() -> None:
    open_ended = trial().model_copy(update={"observed": Interval(low=0.9, high=None)})
    assert open_ended.contains
    assert assessed(open_ended).verdict is Verdict.FAIL


def test_nothing_repeated_is_unknown() -> None:
    assert assessed().verdict is Verdict.UNKNOWN
    assert gravest([]) is Verdict.UNKNOWN


@pytest.mark.parametrize(("width_s", "verdict"), [(0.5, "pass"), (0.26, "pass"), (0.24, "fail"), (1.1, "fail")])
def test_the_width_of_a_partial_outage_must_be_about_what_follows_from_rate_and_share(
    width_s: float, verdict: str
) -> None:
    trials = repeat(trial(0.1, width_s / 2, expected_s=0.5), 10)
    assert assessed(*trials, kind=PARTIAL).verdict == verdict


def test_a_loss_that_is_not_exact_fails_even_if_the_count_agrees() -> None:
    point = Interval(low=80, high=80)
    exact = Trial(number=1, truth=point, observed=point, state="read", exact=True)
    assert assess_losses(LOSSES[0], [exact]).verdict is Verdict.PASS
    assert assess_losses(LOSSES[0], [exact, exact.model_copy(update={"exact": False})]).verdict is Verdict.FAIL
    one_off = exact.model_copy(update={"observed": Interval(low=79, high=79)})
    assert assess_losses(LOSSES[0], [exact, one_off]).verdict is Verdict.FAIL


def test_the_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
