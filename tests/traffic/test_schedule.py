"""Absolute schedules: evenly spaced, random with the right mean, shaped, and shared without a gap."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drdrill.model.shape import BankingDay, Spike
from drdrill.traffic.curve import steady
from drdrill.traffic.schedule import Arrivals, Schedule

A_SPIKE = Spike(peak_per_s=900, after_s=5, climb_s=1, lasts_s=3)
A_DAY = BankingDay(day_s=30, begins_h=7.5)


def due(schedule: Schedule, count: int, start_ns: int = 0) -> np.ndarray:
    return np.array(list(islice(schedule.due_ns(start_ns), count)))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    shape = draw(st.sampled_from([None, A_SPIKE, A_DAY]))
    ramp_s = draw(st.sampled_from([0.0, 0.5, 4.0])) if not isinstance(shape, BankingDay) else 0.0
    arrivals: Arrivals = draw(st.sampled_from(["constant", "poisson"]))
    return Schedule(draw(st.floats(1, 5000)), ramp_s, arrivals, draw(st.integers(0, 9)), shape=shape)


@given(schedules(), st.integers(1, 7), st.integers(1, 9000))
def test_the_shares_of_all_workers_are_the_schedule_of_one(schedule: Schedule, workers: int, count: int) -> None:
    """Arrival i is worker i % n's: none is lost at a boundary, none is sent twice, and each is due at the same nanosecond."""
    whole = due(schedule, count)
    for worker in range(workers):
        mine = whole[worker::workers]
        assert due(schedule.share(worker, workers), len(mine)).tolist() == mine.tolist()


@given(schedules(), st.integers(2, 10000))
def test_times_never_run_back_and_the_seed_decides_them(schedule: Schedule, count: int) -> None:
    times = due(schedule, count)
    assert times[0] >= 0
    assert (np.diff(times) >= 0).all()
    assert due(schedule, count).tolist() == times.tolist()


@given(schedules(), st.floats(1, 40))
def test_as_many_arrive_as_the_curve_says(schedule: Schedule, until_s: float) -> None:
    """To the arrival when they are constant, to six sigma when they are drawn."""
    whole, step_s = 0.0, until_s / 4000
    middles = (np.arange(4000) + 0.5) * step_s
    whole = float(schedule.curve.rate_at(middles).sum() * step_s)
    arrived = 0
    for block in schedule.offsets_ns():
        arrived += int(np.count_nonzero(block < until_s * 1e9))
        if len(block) and block[-1] >= until_s * 1e9:
            break
    rough = 2 + whole * 0.002  # the sum of the rates is taken at 4,000 moments
    assert abs(arrived - whole) <= rough + (6 * whole**0.5 if schedule.arrivals == "poisson" else 0)


def test_constant_arrivals_are_evenly_spaced_from_the_start_and_never_drift() -> None:
    times = due(Schedule(rate_per_s=150), 100_000, start_ns=10**18)
    assert times[0] == 10**18
    assert times[-1] - 10**18 == round(99_999 / 150 * 1e9)
    assert set(np.diff(times)) <= {6_666_666, 6_666_667}


def test_poisson_arrivals_have_the_rate_and_the_spread_of_chance() -> None:
    gaps_s = np.diff(due(Schedule(rate_per_s=200, arrivals="poisson", seed=3), 50_000)) / 1e9
    assert gaps_s.mean() == pytest.approx(1 / 200, rel=0.02)
    assert gaps_s.std() == pytest.approx(1 / 200, rel=0.03)
    assert gaps_s.min() >= 0


def test_another_seed_is_another_schedule() -> None:
    one, other = (due(Schedule(50, arrivals="poisson", seed=seed), 5000) for seed in (1, 2))
    assert (one != other).any()


def test_a_ramp_climbs_linearly_and_then_holds() -> None:
    """100/s after 10 s: 500 arrivals in the ramp, a quarter of them in its first half."""
    times_s = due(Schedule(rate_per_s=100, ramp_s=10), 1500) / 1e9
    assert np.searchsorted(times_s, 10) == 500
    assert np.searchsorted(times_s, 5) == pytest.approx(125, abs=1)
    assert np.diff(times_s[501:]) == pytest.approx(0.01)


def test_loads_become_times_at_the_seam_of_the_ramp() -> None:
    assert steady(100, 10).times_of(np.array([0.0, 500.0, 600.0])).tolist() == [0, 10, 11]


def test_a_rate_of_nothing_has_no_arrivals() -> None:
    assert list(Schedule(0).due_ns(0)) == []


def test_every_problem_is_told_at_once() -> None:
    assert len(Schedule(-1, -1, "bursts", 0, 3, 2).problems()) == 4  # type: ignore[arg-type]
    assert Schedule(1).problems() == ()


def test_a_shape_and_a_ramp_that_contradict_each_other_are_told() -> None:
    assert "would begin before the ramp" in Schedule(100, 9, shape=A_SPIKE).problems()[0]
    assert "leave the ramp out" in Schedule(100, 1, shape=A_DAY).problems()[0]
    assert Schedule(100, 5, shape=A_SPIKE).problems() == ()
