"""How long an outage of which only a part was seen may have gone on."""

import random

import pytest

from drdrill.measure.doubt import DOUBT, operations_to_be_sure
from drdrill.model.judgement import Interval

from .verdict_of import recovery


@pytest.mark.parametrize(("bad", "good", "needed"), [(100, 0, 1), (2, 0, 1), (1, 0, 50), (500, 3, 2), (30, 70, 23)])
def test_the_more_was_spared_the_longer_it_takes_to_be_sure(bad: int, good: int, needed: int) -> None:
    assert operations_to_be_sure(bad, good, at_most=50) == needed


def test_a_whole_window_is_enough_however_rare_the_failures_were() -> None:
    assert operations_to_be_sure(2, 100, at_most=50) == 50


def test_the_doubt_is_what_it_is_called() -> None:
    """Runs of a coin whose share of failures is drawn at random: after so many good ones it had ended, but for the doubt."""
    draw = random.Random(1)
    wrong = trials = 0
    while trials < 20_000:
        share, length = draw.uniform(0.2, 0.8), draw.randint(50, 150)
        failed = [draw.random() < share for _ in range(length)]
        if sum(failed) < 2:
            continue
        trials += 1
        first, last = failed.index(True), length - 1 - failed[::-1].index(True)
        bad = sum(failed)
        wrong += length - 1 - last >= operations_to_be_sure(bad, last - first + 1 - bad)
    assert wrong / trials < 1.5 * DOUBT


def test_a_stray_failure_after_the_end_does_not_move_the_lower_end_behind_it() -> None:
    """Served again from 105 on; one request of the next hundred fails. The service was back before 105.02, and this must hold that."""
    text = "transfer every 0.02: 90..100+ 100..105? 105..106+ 106..106.02? 106.02..130+ | survivors all"
    seen = recovery(text)
    assert seen.restored_s is not None and seen.restored_s.low == 4.98
    assert seen.rta_s == Interval(low=4.93, high=seen.restored_s.high)


def test_where_everything_failed_one_good_operation_ends_it() -> None:
    text = "transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all"
    assert recovery(text).restored_s == Interval(low=4.98, high=5.01)
