"""The drill as time series: counts and latency per bucket of due time, journey by journey."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Bools, Ints
from drdrill.measure.clock import Clock
from drdrill.measure.figures import seconds_of
from drdrill.measure.journey import JourneyOperations
from drdrill.model.judgement import JourneySeries
from drdrill.model.operation import Outcome, State

BUCKETS = 3000
"""No drill is drawn in more buckets than this, however long it was."""

_FINEST_NS = 100_000_000
_LATENCY_BITS = 31


@dataclass(frozen=True)
class Buckets:
    """Equal stretches of time, one edge of which is the request of the disaster."""

    began_ns: int
    bucket_ns: int
    number: int

    def at(self, times: Ints) -> Ints:
        """The bucket of each time."""
        return np.clip((times - self.began_ns) // self.bucket_ns, 0, self.number - 1)


def extent_ns(attempts: Attempts) -> tuple[int, int] | None:
    """When the first and the last recorded operation were due; None when there is none."""
    firsts, lasts = [], []
    for part in attempts.parts():
        due = part.time("due_ns")[part.column("state") != State.EMPTY]
        if len(due):
            firsts.append(int(due.min()))
            lasts.append(int(due.max()))
    return (min(firsts), max(lasts)) if firsts else None


def buckets_over(first_ns: int, last_ns: int, clock: Clock) -> Buckets:
    """Buckets of 100 ms, or of the next of 200 ms, 500 ms, 1 s, 2 s, … that keeps them few enough."""
    for exponent in count():
        for step in (1, 2, 5):
            bucket_ns = _FINEST_NS * step * 10**exponent
            began = (first_ns - clock.zero_ns) // bucket_ns
            number = (last_ns - clock.zero_ns) // bucket_ns - began + 1
            if number <= BUCKETS:
                return Buckets(clock.zero_ns + began * bucket_ns, bucket_ns, number)
    raise AssertionError("there is always a longer bucket")


def journey_series(buckets: Buckets, journey: JourneyOperations) -> JourneySeries:
    """The series of one journey. ``late`` are operations that were acked and yet not good: too late, lost, or stale."""
    bucket = buckets.at(journey.due_ns)
    acked, good = journey.outcome == Outcome.ACKED, journey.good != 0
    p50, p99 = _percentiles(bucket[acked], journey.latency_us[acked], buckets.number)

    def tell(chosen: Bools) -> tuple[int, ...]:
        return tuple(np.bincount(bucket[chosen], minlength=buckets.number).tolist())

    return JourneySeries(
        journey=journey.name,
        good=tell(good),
        late=tell(acked & ~good),
        refused=tell(journey.outcome == Outcome.REFUSED),
        unknown=tell(journey.outcome == Outcome.UNKNOWN),
        unsent=tell(journey.outcome == Outcome.UNSENT),
        p50_ms=p50,
        p99_ms=p99,
    )


def bucket_s(buckets: Buckets) -> float:
    """The length of a bucket in seconds."""
    return seconds_of(buckets.bucket_ns)


def _percentiles(
    bucket: Ints, latency_us: npt.NDArray[np.int32], number: int
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    held = np.bincount(bucket, minlength=number)
    # Bucket and latency in one number: one sort orders the latencies of every bucket.
    keys = (bucket << _LATENCY_BITS) | latency_us
    keys.sort()
    began = np.cumsum(held) - held
    return _rank(keys, began, held, 50), _rank(keys, began, held, 99)


def _rank(keys: Ints, began: Ints, held: npt.NDArray[np.int64], percent: int) -> tuple[float | None, ...]:
    place = began + -(-held * percent // 100) - 1
    return tuple(
        None if not number else (int(keys[at]) & ((1 << _LATENCY_BITS) - 1)) / 1000
        for at, number in zip(place.tolist(), held.tolist(), strict=True)
    )
