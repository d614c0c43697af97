from __future__ import annotations

import numpy as np
import pytest

from drdrill.model.judgement import Interval
from drdrill.report.timeline import OUTCOMES, outages, stack_of

from . import sample


@pytest.mark.parametrize("most", [7, 60, 240])
def test_merging_buckets_loses_no_operation(most: int) -> None:
    timeline = sample.timeline()
    stack = stack_of(timeline, timeline.journeys, most)
    sizes = np.diff(stack.edges_s)
    for outcome in OUTCOMES:
        recorded = sum(sum(getattr(one, outcome)) for one in timeline.journeys)
        assert float((stack.per_s[outcome] * sizes).sum()) == pytest.approx(recorded)
    assert (stack.edges_s[0], stack.edges_s[-1]) == (-10.0, 45.0)


@pytest.mark.parametrize("most", [7, 60, 240])
def test_one_bucket_begins_at_the_disaster(most: int) -> None:
    timeline = sample.timeline()
    assert 0.0 in stack_of(timeline, timeline.journeys, most).edges_s


def test_outages_that_touch_are_one_shade_and_relapses_are_shaded_too() -> None:
    relapse = sample.recovery("transfer", relapses=(Interval(low=20.0, high=22.0),))
    assert outages((relapse, sample.recovery("balance", outage_began_s=5.0)), 45.0) == [(0.02, 12.47), (20.0, 22.0)]


def test_never_restored_is_shaded_to_the_end_and_the_unknown_not_at_all() -> None:
    dead = sample.recovery("transfer", state="never restored", rta_s=None, restored_s=None)
    unclear = sample.recovery("transfer", state="not evaluable", rta_s=None, restored_s=None)
    assert outages((dead,), 45.0) == [(0.02, 45.0)]
    assert outages((unclear,), 45.0) == []
