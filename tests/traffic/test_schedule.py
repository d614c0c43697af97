"""Absolute schedules: evenly spaced, random with the right mean, climbing, and shared without a gap."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from drdrill.traffic.schedule import Schedule, time_of_load_ns


def due(schedule: Schedule, count: int, start_ns: int = 0) -> np.ndarray:
    return np.array(list(islice(schedule.due_ns(start_ns), count)))


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


def test_the_seed_decides_and_nothing_else() -> None:
    one, again, other = (due(Schedule(50, arrivals="poisson", seed=seed), 5000) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_a_ramp_climbs_linearly_and_then_holds() -> None:
    """100/s after 10 s: 500 arrivals in the ramp, a quarter of them in its first half."""
    times_s = due(Schedule(rate_per_s=100, ramp_s=10), 1500) / 1e9
    assert np.searchsorted(times_s, 10) == 500
    assert np.searchsorted(times_s, 5) == pytest.approx(125, abs=1)
    assert np.diff(times_s[501:]) == pytest.approx(0.01)


def test_loads_become_times_at_the_seam_of_the_ramp() -> None:
    assert time_of_load_ns(np.array([0.0, 500.0, 600.0]), 100, 10).tolist() == [0, 10 * 10**9, 11 * 10**9]


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
@pytest.mark.parametrize("shares", [2, 3])
def test_shares_together_are_the_whole(arrivals: str, shares: int) -> None:
    whole = due(Schedule(100, 1, arrivals, 5), 30_000)  # type: ignore[arg-type]
    parts = [
        due(Schedule(100, 1, arrivals, 5, share, shares), 30_000 // shares)  # type: ignore[arg-type]
        for share in range(shares)
    ]
    assert (np.sort(np.concatenate(parts)) == whole).all()


def test_a_rate_of_nothing_has_no_arrivals() -> None:
    assert list(Schedule(0).due_ns(0)) == []


def test_every_problem_is_told_at_once() -> None:
    assert len(Schedule(-1, -1, "bursts", 0, 3, 2).problems()) == 4  # type: ignore[arg-type]
    assert Schedule(1).problems() == ()
