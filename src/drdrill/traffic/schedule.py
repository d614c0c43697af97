"""When operations are due: absolute times, drawn in advance, that no answer and no failure can move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from drdrill.model.shape import BankingDay, Spike
from drdrill.traffic.curve import Curve, curve_of

Arrivals = Literal["constant", "poisson"]
Times = npt.NDArray[np.int64]

_BLOCK = 4096


@dataclass(frozen=True)
class Schedule:
    """Open-loop arrivals: ``rate_per_s`` after a linear ramp from nothing over ``ramp_s``, with a spike, or over a banking day.

    ``constant`` arrivals are evenly spaced in load, ``poisson`` ones have exponential gaps drawn from ``seed``. Arrivals
    have a number, from 0; of ``workers`` the one called ``worker`` takes every arrival whose number leaves ``worker`` when
    divided by ``workers``. So the shares of all workers together are the schedule of one, to the nanosecond.
    """

    rate_per_s: float
    ramp_s: float = 0.0
    arrivals: Arrivals = "constant"
    seed: int = 0
    worker: int = 0
    workers: int = 1
    shape: Spike | BankingDay | None = None

    def share(self, worker: int, workers: int) -> Self:
        """What worker ``worker`` of ``workers`` sends: arrivals ``worker``, ``worker + workers``, ``worker + 2 * workers``, …

        Of the whole schedule, whatever share this one is. ``Mix.share`` deals out the errands in the same way.
        """
        return replace(self, worker=worker, workers=workers)

    def problems(self) -> tuple[str, ...]:
        """Every reason for which this is no schedule; empty when it is one."""
        contradiction = self.shape.contradiction(self.ramp_s) if self.shape else None
        rules = (
            (self.rate_per_s >= 0, f"a rate of {self.rate_per_s:g}/s is less than nothing"),
            (self.ramp_s >= 0, f"a ramp of {self.ramp_s:g} s is less than nothing"),
            (self.arrivals in ("constant", "poisson"), f"arrivals are constant or poisson, not {self.arrivals!r}"),
            (0 <= self.worker < self.workers, f"worker {self.worker} is not among {self.workers} workers"),
            (contradiction is None, contradiction or ""),
        )
        return tuple(sentence for holds, sentence in rules if not holds)

    @property
    def curve(self) -> Curve:
        """The rate over time."""
        return curve_of(self.rate_per_s, self.ramp_s, self.shape)

    def offsets_ns(self) -> Iterator[Times]:
        """Due times from the start in ns, in blocks; without end, unless the curve comes to rest at nothing."""
        curve = self.curve
        first, load = 0, 0.0
        rng = np.random.default_rng(self.seed)
        while load < curve.total:
            ordinal = np.arange(first, first + _BLOCK)
            if self.arrivals == "poisson":
                loads = load + np.cumsum(rng.exponential(1.0, _BLOCK))
                load = float(loads[-1])
            else:
                loads = ordinal.astype(np.float64)
                load = float(first + _BLOCK)
            mine = loads[(ordinal % self.workers == self.worker) & (loads < curve.total)]
            yield np.rint(curve.times_of(mine) * 1e9).astype(np.int64)
            first += _BLOCK

    def due_ns(self, start_ns: int) -> Iterator[int]:
        """Absolute due times, one by one, for a schedule that starts at ``start_ns`` (``time.monotonic_ns``)."""
        for block in self.offsets_ns():
            yield from (block + start_ns).tolist()
