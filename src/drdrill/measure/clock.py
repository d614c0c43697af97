"""The drill's clock: what is added to each recorder's times, and how far any of them may still be off.

A recorder on another machine has readings: at a time of its own clock the drill's clock was ``offset_ns`` ahead of it, right to
``error_ns`` (half of a round trip). Between two readings the offset is a straight line. How far the truth can leave that line
follows from how fast a sound clock can drift and from how far the two readings differ: whatever lies between them is possible,
and the bound says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.figures import seconds_of
from drdrill.model.history import ClockReading, Recorder
from drdrill.model.operation import Operations

HOST_DRIFT = 1e-3
"""Rate by which a sound host's monotonic clock may leave the drill's: NTP slews by at most 500 ppm, and oscillators, good to
about 100 ppm, stand on both sides; the rest is reserve."""

FASTEST_SLEW = 0.1
"""A faster change than this was no slewing (chrony's own limit is 8.3 %): the clock jumped, or its machine stood still."""

_TIMES = ("due_ns", "sent_ns", "done_ns")


@dataclass(frozen=True)
class Clock:
    """``zero_ns`` is the instant that a judgement calls 0 s; ``bound_ns`` widens every interval."""

    zero_ns: int
    bound_ns: int
    offsets_ns: Mapping[int, int]

    def at(self, time_ns: int) -> float:
        """Seconds since zero, on the drill's own clock."""
        return seconds_of(int(time_ns) - self.zero_ns)


def drill_clock(recorders: Iterable[Recorder], zero_ns: int) -> Clock:
    """The clock of one drill: the widest bound of any recorder, and the offsets that are not zero."""
    known = tuple(recorders)
    return Clock(
        zero_ns=zero_ns,
        bound_ns=max((recorder.clock_bound_ns for recorder in known), default=0),
        offsets_ns={recorder.number: recorder.clock_offset_ns for recorder in known if recorder.clock_offset_ns},
    )


@dataclass(frozen=True)
class Course:
    """How far the drill's clock was ahead of a recorder's, over the recorder's own time.

    Every offset is right to ``bound_ns``. ``fastest`` is the largest change that the readings prove, in seconds a second;
    ``widest_ns`` the largest between two neighbouring readings that no sound clock makes (0: there was none).
    """

    readings: tuple[ClockReading, ...]
    bound_ns: int
    fastest: float
    widest_ns: int
    ran_backwards: bool

    @property
    def jumped(self) -> bool:
        """Whether the clock did what no slewing does."""
        return self.ran_backwards or self.fastest > FASTEST_SLEW

    def offsets_ns(self, times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What is to be added at each of these times; outside the readings, what the nearest reading said."""
        first = self.readings[0]
        if self.ran_backwards:
            low, high = _hull(self.readings)
            return np.full(len(times_ns), (low + high) // 2, dtype=np.int64)
        # Relative to the first reading, because a double does not hold every nanosecond since a machine began.
        at = np.array([reading.at_ns - first.at_ns for reading in self.readings], dtype=np.float64)
        offsets = np.array([reading.offset_ns - first.offset_ns for reading in self.readings], dtype=np.float64)
        since = (times_ns - first.at_ns).astype(np.float64)
        return np.rint(np.interp(since, at, offsets)).astype(np.int64) + first.offset_ns


def course_of(readings: Sequence[ClockReading]) -> Course:
    """The course of one recorder's clock, from at least one reading, in the order in which they were taken."""
    widest = max(reading.error_ns for reading in readings)
    if any(later.at_ns <= earlier.at_ns for earlier, later in pairwise(readings)):
        low, high = _hull(readings)
        return Course(tuple(readings), (high - low + 1) // 2, float("inf"), high - low, True)
    steps = [_step(earlier, later) for earlier, later in pairwise(readings)]
    return Course(
        readings=tuple(readings),
        bound_ns=max((bound_ns for bound_ns, _, _ in steps), default=widest),
        fastest=max((rate for _, rate, _ in steps), default=0.0),
        widest_ns=max((change_ns for _, _, change_ns in steps), default=0),
        ran_backwards=False,
    )


def _step(earlier: ClockReading, later: ClockReading) -> tuple[int, float, int]:
    """Between two readings: the bound, the rate that they prove, and the change if no sound clock makes it (else 0).

    Say that the truth drifts by at most ``d`` (``HOST_DRIFT`` times the time between) and jumps by ``j``. It leaves the straight
    line between its own ends by at most ``d / 2 + j``, and ``j`` is at most the change that was read, the two errors and ``d``;
    the line that is used ends within an error of the truth. A jump too small to be told from drift is thus within the bound too.
    """
    elapsed_ns = later.at_ns - earlier.at_ns
    change_ns = abs(later.offset_ns - earlier.offset_ns)
    error_ns = max(earlier.error_ns, later.error_ns)
    errors_ns = earlier.error_ns + later.error_ns
    rate = max(0, change_ns - errors_ns) / elapsed_ns
    bound_ns = error_ns + errors_ns + change_ns + math.ceil(1.5 * HOST_DRIFT * elapsed_ns) + 1
    return bound_ns, rate, change_ns if rate > HOST_DRIFT else 0


def _hull(readings: Sequence[ClockReading]) -> tuple[int, int]:
    return (
        min(reading.offset_ns - reading.error_ns for reading in readings),
        max(reading.offset_ns + reading.error_ns for reading in readings),
    )


@dataclass(frozen=True)
class Corrected:
    """A record on the drill's clock. ``uncovered`` operations have a time before the first or after the last reading."""

    operations: Operations
    bound_ns: int
    uncovered: int


def corrected(operations: Operations, course: Course) -> Corrected:
    """A copy of one recorder's operations with every time moved to the drill's clock; 0 stays 0 (it did not happen).

    Beyond the readings the bound grows as fast as a sound clock can drift.
    """
    moved = operations.copy()
    first_ns, last_ns = course.readings[0].at_ns, course.readings[-1].at_ns
    outside = np.zeros(len(operations), dtype=np.bool_)
    beyond_ns = 0
    for name in _TIMES:
        times: npt.NDArray[Any] = np.ascontiguousarray(operations[name], dtype=np.int64)
        there = times != 0
        moved[name][there] += course.offsets_ns(times[there])
        distance = np.maximum(first_ns - times, times - last_ns)
        far = there & (distance > 0)
        outside |= far
        beyond_ns = max(beyond_ns, int(distance[far].max(initial=0)))
    bound_ns = course.bound_ns + round(HOST_DRIFT * beyond_ns)
    return Corrected(moved, bound_ns, int(np.count_nonzero(outside)))
