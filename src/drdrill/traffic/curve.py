"""How many operations a second are wanted, over time: straight lines between points, and when the n-th arrival is due under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from drdrill.model.shape import BankingDay, Spike

Floats = npt.NDArray[np.float64]

SALARY_DAY: tuple[tuple[float, float], ...] = (
    (0.0, 0.06),
    (4.0, 0.03),
    (6.0, 0.12),
    (8.0, 0.45),
    (9.0, 0.85),
    (10.0, 1.00),
    (11.0, 1.00),
    (13.0, 0.65),
    (15.5, 0.60),
    (18.0, 0.72),
    (20.0, 0.55),
    (22.0, 0.30),
    (23.0, 0.22),
    (23.0, 0.80),
    (23.75, 0.80),
    (23.75, 0.10),
    (24.0, 0.06),
)
"""Hour of the day, and the rate as a share of the busiest hour's. Salaries arrive in the night, people look and pay from 9 to 11,
and at 23:00 the end-of-day batch begins at once and ends at once. A drawing, not a measurement: replay your own arrivals for that."""

_HOURS = 24.0


@dataclass(frozen=True)
class Curve:
    """``points`` are (seconds from the start, operations a second), in order, the first at 0. Two points at one time are a step.

    After the last point the last rate holds, or, if it ``repeats``, everything begins anew.
    """

    points: tuple[tuple[float, float], ...]
    repeats: bool = False

    @cached_property
    def times_s(self) -> Floats:
        """When the points are."""
        return np.array([time_s for time_s, _ in self.points], dtype=np.float64)

    @cached_property
    def rates_per_s(self) -> Floats:
        """How high the points are."""
        return np.array([rate for _, rate in self.points], dtype=np.float64)

    @cached_property
    def loads(self) -> Floats:
        """How many arrivals have become due in all, at each point: the area under the curve up to it."""
        mean = (self.rates_per_s[1:] + self.rates_per_s[:-1]) / 2
        return np.concatenate(([0.0], np.cumsum(mean * np.diff(self.times_s))))

    @property
    def total(self) -> float:
        """How many arrivals the curve has in all; without end unless it comes to rest at nothing."""
        endless = self.loads[-1] > 0 if self.repeats else self.rates_per_s[-1] > 0
        return float("inf") if endless else float(self.loads[-1])

    def rate_at(self, times_s: Floats) -> Floats:
        """Operations a second at these times."""
        within = times_s % self.times_s[-1] if self.repeats else times_s
        return np.interp(within, self.times_s, self.rates_per_s)

    def times_of(self, loads: Floats) -> Floats:
        """When so many arrivals have become due in all, in seconds; ``loads`` are less than ``total``.

        Between two points the rate is r + a t, so t seconds bring r t + a t**2 / 2 arrivals; this is the inverse,
        written so that it neither cancels (a near 0) nor divides by nothing (r = 0).
        """
        rounds, loads = np.divmod(loads, self.loads[-1]) if self.repeats else (np.zeros_like(loads), loads)
        last = len(self.points) - 1
        at = np.searchsorted(self.loads, loads, side="right") - 1
        at = np.minimum(at, last - 1 if self.repeats else last)
        rate, slope = self.rates_per_s[at], self._slopes[at]
        rest = loads - self.loads[at]
        speed = rate + np.sqrt(np.maximum(rate * rate + 2 * slope * rest, 0))
        within = np.divide(2 * rest, speed, out=np.zeros_like(rest), where=speed > 0)
        times: Floats = rounds * self.times_s[-1] + self.times_s[at] + within
        return times

    @cached_property
    def _slopes(self) -> Floats:
        """Operations a second, gained each second after each point; 0 after the last one, and in a step."""
        spans = np.diff(self.times_s)
        gains = np.diff(self.rates_per_s)
        return np.append(np.divide(gains, spans, out=np.zeros_like(gains), where=spans > 0), 0.0)


def steady(rate_per_s: float, ramp_s: float = 0.0) -> Curve:
    """A linear ramp from nothing, and then always the same rate."""
    return Curve(((0.0, 0.0), (ramp_s, rate_per_s))) if ramp_s else Curve(((0.0, rate_per_s),))


def spiked(rate_per_s: float, ramp_s: float, spike: Spike) -> Curve:
    """The steady curve, and once a climb to the peak, the peak, and a descent as steep as the climb."""
    begins_s = spike.after_s
    peak_s = begins_s + spike.climb_s
    falls_s = peak_s + spike.lasts_s
    hill = ((begins_s, rate_per_s), (peak_s, spike.peak_per_s), (falls_s, spike.peak_per_s))
    before = steady(rate_per_s, ramp_s).points
    return Curve((*before, *hill, (falls_s + spike.climb_s, rate_per_s)))


def banking_day(rate_per_s: float, day: BankingDay, shares: Sequence[tuple[float, float]] = SALARY_DAY) -> Curve:
    """A day of the bank in ``day.day_s`` seconds, over and over, from ``day.begins_h`` o'clock; ``rate_per_s`` is the busiest hour's."""
    hours = [(hour - day.begins_h, share) for hour, share in shares]
    if day.begins_h:
        at_start = float(np.interp(day.begins_h, [hour for hour, _ in shares], [share for _, share in shares]))
        later = [point for point in hours if point[0] > 0]
        earlier = [(hour + _HOURS, share) for hour, share in hours if hour <= 0]
        hours = [(0.0, at_start), *later, *earlier, (_HOURS, at_start)]
    scale = day.day_s / _HOURS
    return Curve(tuple((hour * scale, share * rate_per_s) for hour, share in hours), repeats=True)


def curve_of(rate_per_s: float, ramp_s: float, shape: Spike | BankingDay | None) -> Curve:
    """The curve that a plan asks for."""
    if isinstance(shape, Spike):
        return spiked(rate_per_s, ramp_s, shape)
    if isinstance(shape, BankingDay):
        return banking_day(rate_per_s, shape)
    return steady(rate_per_s, ramp_s)
