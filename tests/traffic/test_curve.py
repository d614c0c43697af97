"""Rates over time: what arrives is the area under the curve, whatever its shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drdrill.model.shape import BankingDay, Spike
from drdrill.traffic.curve import SALARY_DAY, Curve, banking_day, spiked, steady

RATES = st.floats(0, 2000).map(lambda rate: round(rate, 3))
SPANS = st.floats(0, 100).map(lambda span: round(span, 3))


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    """Any curve, with steps and with pauses, that comes to something in the end."""
    rates = draw(st.lists(RATES, min_size=2, max_size=8))
    spans = draw(st.lists(SPANS, min_size=len(rates) - 1, max_size=len(rates) - 1))
    times = np.concatenate(([0.0], np.cumsum(spans)))
    curve = Curve(tuple(zip(times.tolist(), rates, strict=True)))
    return Curve(curve.points, repeats=draw(st.booleans())) if curve.loads[-1] > 1 else steady(5)


def area(curve: Curve, until_s: float) -> float:
    """Arrivals until then, summed up piece by piece: the curve forwards, where ``times_of`` is the curve backwards."""
    rounds, rest_s = divmod(until_s, curve.points[-1][0]) if curve.repeats else (0.0, until_s)
    total = rounds * float(curve.loads[-1])
    for (begin_s, begin), (end_s, end) in zip(curve.points, curve.points[1:], strict=False):
        if rest_s >= end_s:
            total += (begin + end) / 2 * (end_s - begin_s)
        elif rest_s > begin_s:
            now = begin + (end - begin) * (rest_s - begin_s) / (end_s - begin_s)
            total += (begin + now) / 2 * (rest_s - begin_s)
    return total + max(rest_s - curve.points[-1][0], 0) * curve.points[-1][1]


@given(curves(), st.lists(st.floats(0, 0.999), min_size=1, max_size=20))
def test_an_arrival_comes_when_the_area_under_the_curve_reaches_its_number(curve: Curve, parts: list[float]) -> None:
    """The inverse is right at every load, in climbs, falls, steps and pauses, and time never runs back."""
    reach = min(curve.total, 3 * float(curve.loads[-1]) + 10)
    loads = np.sort(np.array(parts)) * reach
    times_s = curve.times_of(loads)
    assert (np.diff(times_s) >= -1e-9).all()
    assert [area(curve, time_s) for time_s in times_s.tolist()] == pytest.approx(loads.tolist(), abs=1e-3, rel=1e-6)


def test_a_spike_adds_its_own_area() -> None:
    """100/s to 400/s: the flanks of 2 s bring half of 300/s more each, the peak of 10 s all of it."""
    curve = spiked(100, 0, Spike(peak_per_s=400, after_s=20, climb_s=2, lasts_s=10))
    assert area(curve, 60) == 60 * 100 + 2 * 300 / 2 * 2 + 10 * 300
    assert curve.rate_at(np.array([0, 19.9, 21, 22, 31.9, 33, 34, 99])).tolist() == pytest.approx(
        [100, 100, 250, 400, 400, 250, 100, 100]
    )


def test_a_spike_of_a_sudden_is_a_step() -> None:
    curve = spiked(100, 0, Spike(peak_per_s=400, after_s=20, lasts_s=10))
    assert curve.times_of(np.array([1999.0, 2000.0, 2001.0, 5999.0, 6000.0, 6001.0])).tolist() == pytest.approx(
        [19.99, 20, 20.0025, 29.9975, 30, 30.01]
    )


def test_a_banking_day_is_scaled_to_the_drill_and_comes_again() -> None:
    """The busiest hour has the planned rate; at 23:00 the batch begins at once."""
    curve = banking_day(1000, BankingDay(day_s=240))
    hours = np.array([0, 10.5, 22.99, 23.01, 23.99, 24 + 10.5])
    assert curve.rate_at(hours * 10).tolist() == pytest.approx([60, 1000, 220, 800, 62, 1000], rel=0.01)
    assert max(share for _, share in SALARY_DAY) == 1
    assert SALARY_DAY[0][1] == SALARY_DAY[-1][1], "midnight is midnight"


@given(st.floats(0, 23.99), st.floats(1, 1000))
def test_a_day_that_begins_later_is_the_same_day(begins_h: float, day_s: float) -> None:
    whole, later = (banking_day(100, BankingDay(day_s=day_s, begins_h=at)) for at in (0, begins_h))
    assert later.loads[-1] == pytest.approx(whole.loads[-1], rel=1e-6)
    apart = [share for hour, share in SALARY_DAY if abs(hour - begins_h) < 0.1]
    if not apart:
        assert later.rate_at(np.array([0.0]))[0] == pytest.approx(
            whole.rate_at(np.array([begins_h * day_s / 24]))[0], rel=1e-6
        )


def test_a_curve_that_comes_to_rest_has_a_last_arrival() -> None:
    assert Curve(((0, 10), (5, 10), (5, 0))).total == 50
    assert Curve(((0, 10), (5, 10))).total == float("inf")
    assert steady(0).total == 0
