"""Windows over due times: how long they are, which can be evaluated, and which met the level."""

import numpy as np
import pytest

from drdrill.measure.windows import operations_needed, slide
from drdrill.model.drill import ServiceLevel

SECOND = 1_000_000_000


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.9, 10), (0.95, 20), (0.99, 100), (0.999, 1000)])
def test_a_window_must_hold_enough_to_forgive_one_failure(share: float, expected: int) -> None:
    assert operations_needed(share) == expected


def test_a_window_is_as_long_as_it_takes_to_hold_enough() -> None:
    due = np.arange(20, dtype=np.int64) * SECOND
    windows = slide(due, np.ones(20, dtype=np.uint8), ServiceLevel(window_s=1, good_share=0.8), 20 * SECOND)
    assert windows.stop.tolist() == list(range(5, 21))
    assert windows.met.all()


def test_a_window_in_which_more_is_due_holds_it_all() -> None:
    due = np.arange(40, dtype=np.int64) * SECOND // 10
    windows = slide(due, np.ones(40, dtype=np.uint8), ServiceLevel(window_s=1, good_share=0.8), 4 * SECOND)
    assert windows.stop.tolist() == list(range(10, 41))


def test_the_share_is_met_when_it_is_reached_exactly() -> None:
    due = np.arange(10, dtype=np.int64) * SECOND
    good = np.ones(10, dtype=np.uint8)
    good[[4, 5]] = 0
    windows = slide(due, good, ServiceLevel(window_s=5, good_share=0.8), 10 * SECOND)
    assert windows.met.tolist() == [True, False, False, False, False, True]


def test_windows_beyond_the_end_cannot_be_evaluated() -> None:
    due = np.arange(10, dtype=np.int64) * SECOND
    good = np.ones(10, dtype=np.uint8)
    assert len(slide(due, good, ServiceLevel(window_s=5, good_share=0.8), 9 * SECOND).met) == 5
    assert len(slide(due[:4], good[:4], ServiceLevel(window_s=5, good_share=0.8), 90 * SECOND).met) == 0
