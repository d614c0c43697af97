"""The drill as time series: counts and latency per bucket of due time, journey by journey."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, pairwise

import numpy as np

from drdrill.measure.attempts import Ints
from drdrill.measure.clock import Clock
from drdrill.measure.figures import seconds_of
from drdrill.measure.goodness import GOOD, OUTCOME
from drdrill.measure.journey import JourneyOperations
from drdrill.measure.walk import PART, walk
from drdrill.model.judgement import JourneySeries
from drdrill.model.operation import Outcome

BUCKETS = 3000
"""No drill is drawn in more buckets than this, however long it was."""

_FINEST_NS = 100_000_000
_KINDS = int(OUTCOME | GOOD) + 1


@dataclass(frozen=True)
class Buckets:
    """Equal stretches of time, one edge of which is the request of the disaster."""

    began_ns: int
    bucket_ns: int
    number: int

    def at(self, times: Ints) -> Ints:
        """The bucket of each time."""
        return np.clip((times - self.began_ns) // self.bucket_ns, 0, self.number - 1)


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
    counts = np.zeros((buckets.number, _KINDS), dtype=np.int64)
    for low, counted in walk(range(0, len(journey.due_ns), PART), lambda first: _counted(buckets, journey, first)):
        counts[low : low + len(counted)] += counted
    p50, p99 = _percentiles(journey, buckets)

    def tell(*kinds: int) -> tuple[int, ...]:
        return tuple(counts[:, kinds].sum(axis=1).tolist())

    return JourneySeries(
        journey=journey.name,
        good=tell(Outcome.ACKED | int(GOOD)),
        late=tell(Outcome.ACKED),
        refused=tell(Outcome.REFUSED),
        unknown=tell(Outcome.UNKNOWN),
        unsent=tell(Outcome.UNSENT),
        p50_ms=p50,
        p99_ms=p99,
    )


def _counted(buckets: Buckets, journey: JourneyOperations, first: int) -> tuple[int, Ints]:
    """The first bucket of some operations in due order, and how many of each kind each bucket from there on holds."""
    part = slice(first, first + PART)
    bucket = buckets.at(journey.due_ns[part])
    low, high = int(bucket[0]), int(bucket[-1])
    kinds = (bucket - low) * _KINDS + (journey.told[part] & (OUTCOME | GOOD))
    return low, np.bincount(kinds, minlength=(high - low + 1) * _KINDS).reshape(-1, _KINDS)


def bucket_s(buckets: Buckets) -> float:
    """The length of a bucket in seconds."""
    return seconds_of(buckets.bucket_ns)


def _percentiles(
    journey: JourneyOperations, buckets: Buckets
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """Median and 99th percentile of the latency of what was acked, in ms, by nearest rank; None for an empty bucket."""
    edges = buckets.began_ns + buckets.bucket_ns * np.arange(1, buckets.number)
    ends = [0, *np.searchsorted(journey.due_ns, edges).tolist(), len(journey.due_ns)]

    def look(span: tuple[int, int]) -> tuple[float | None, float | None]:
        part = slice(*span)
        latency_us = journey.latency_us[part][(journey.told[part] & OUTCOME) == Outcome.ACKED]
        number = len(latency_us)
        if not number:
            return None, None
        ranks = [-(-number * percent // 100) - 1 for percent in (50, 99)]
        p50, p99 = np.partition(latency_us, ranks)[ranks].tolist()
        return p50 / 1000, p99 / 1000

    told = [look(span) for span in pairwise(ends)]
    return tuple(p50 for p50, _ in told), tuple(p99 for _, p99 in told)
