"""When operations are due: absolute times, drawn in advance, that no answer and no failure can move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Arrivals = Literal["constant", "poisson"]
Times = npt.NDArray[np.int64]

_BLOCK = 4096


@dataclass(frozen=True)
class Schedule:
    """Open-loop arrivals: ``rate_per_s`` after a linear ramp from nothing over ``ramp_s``.

    ``constant`` arrivals are evenly spaced in load, ``poisson`` ones have exponential gaps drawn from ``seed``. Of
    every ``shares`` arrivals this process sends one, the one at place ``share``: together the shares are the whole.
    """

    rate_per_s: float
    ramp_s: float = 0.0
    arrivals: Arrivals = "constant"
    seed: int = 0
    share: int = 0
    shares: int = 1

    def problems(self) -> tuple[str, ...]:
        """Every reason for which this is no schedule; empty when it is one."""
        rules = (
            (self.rate_per_s >= 0, f"a rate of {self.rate_per_s:g}/s is less than nothing"),
            (self.ramp_s >= 0, f"a ramp of {self.ramp_s:g} s is less than nothing"),
            (self.arrivals in ("constant", "poisson"), f"arrivals are constant or poisson, not {self.arrivals!r}"),
            (0 <= self.share < self.shares, f"share {self.share} is not among {self.shares} shares"),
        )
        return tuple(sentence for holds, sentence in rules if not holds)

    def offsets_ns(self) -> Iterator[Times]:
        """Due times from the start in ns, in blocks, without end (a rate of 0 has none)."""
        if self.rate_per_s == 0:
            return
        rng = np.random.default_rng(self.seed)
        first, load = 0, 0.0
        while True:
            ordinal = np.arange(first, first + _BLOCK)
            if self.arrivals == "poisson":
                loads = load + np.cumsum(rng.exponential(1.0, _BLOCK))
                load = float(loads[-1])
            else:
                loads = ordinal.astype(np.float64)
            mine = loads[ordinal % self.shares == self.share]
            yield time_of_load_ns(mine, self.rate_per_s, self.ramp_s)
            first += _BLOCK

    def due_ns(self, start_ns: int) -> Iterator[int]:
        """Absolute due times, one by one, for a schedule that starts at ``start_ns`` (``time.monotonic_ns``)."""
        for block in self.offsets_ns():
            yield from (block + start_ns).tolist()


def time_of_load_ns(loads: npt.NDArray[np.float64], rate_per_s: float, ramp_s: float) -> Times:
    """When so many arrivals have become due in all, under a rate that grows linearly over ``ramp_s`` and then stays.

    In the ramp t seconds bring ``rate * t**2 / (2 * ramp)`` arrivals; this is the inverse.
    """
    in_ramp = rate_per_s * ramp_s / 2
    climbing = np.sqrt(np.minimum(loads, in_ramp) * 2 * ramp_s / rate_per_s)
    level = np.maximum(loads - in_ramp, 0) / rate_per_s
    times: Times = np.rint((climbing + level) * 1e9).astype(np.int64)
    return times
