"""Locust's own tables of requests, filled in batches: counting one by one costs Locust more than sending does.

Whoever else listens to Locust's ``request`` event hears of every operation as it ends, at its full price.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from locust.env import Environment
from locust.stats import RequestStats, StatsEntry, StatsError, bucket_response_time

from drdrill.model.operation import Outcome
from drdrill.traffic.answer import Answer
from drdrill.traffic.journeys import JOURNEYS, TRANSFER, Errand

FLUSH_NS = 200_000_000
"""Locust shows and reports its tables every second at most."""

METHODS = tuple("POST" if code == TRANSFER else "GET" for code in range(len(JOURNEYS)))


class NotServed(Exception):
    """What Locust's tables show of an operation that was not acked."""


@dataclass
class _Batch:
    """What ended of one journey since the tables were filled: how long each took, and the lengths in all."""

    took_ns: list[int] = field(default_factory=list)
    length: int = 0
    not_served: Counter[tuple[int, int, int]] = field(default_factory=Counter)


class Tally:
    """Counts what ended, and puts it into Locust's tables on ``flush``; ``told`` is what the open loop tells."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._batches = [_Batch() for _ in JOURNEYS]
        self._flush_at_ns = 0
        self.told = self.fire if _somebody_listens(environment) else self.count

    def count(self, _op_id: int, errand: Errand, answer: Answer, due_ns: int, done_ns: int) -> None:
        """Take one operation into the batch."""
        batch = self._batches[errand[0]]
        batch.took_ns.append(done_ns - due_ns)
        batch.length += answer[5]
        if answer[0] != Outcome.ACKED:
            batch.not_served[answer[:3]] += 1

    def fire(self, _op_id: int, errand: Errand, answer: Answer, due_ns: int, done_ns: int) -> None:
        """Tell everybody of one operation."""
        request: Any = self._environment.events.request
        request.fire(
            request_type=METHODS[errand.journey],
            name=JOURNEYS[errand.journey],
            response_time=(done_ns - due_ns) / 1e6,
            response_length=answer.length,
            exception=None if answer.outcome == Outcome.ACKED else _not_served(answer[:3]),
            context={},
        )

    def flush_if_due(self, now_ns: int) -> None:
        """Fill the tables if they have not been filled for a while."""
        if now_ns >= self._flush_at_ns:
            self._flush_at_ns = now_ns + FLUSH_NS
            self.flush()

    def flush(self) -> None:
        """Fill the tables with what ended since they were filled."""
        stats = self._environment.stats
        for journey, batch in enumerate(self._batches):
            if not batch.took_ns:
                continue
            self._batches[journey] = _Batch()
            name, method = JOURNEYS[journey], METHODS[journey]
            entry = _entry(name, method, batch)
            stats.entries[(name, method)].extend(entry)
            stats.total.extend(entry)
            for words, number in batch.not_served.items():
                _note(stats, method, name, _not_served(words), number)


def _somebody_listens(environment: Environment) -> bool:
    """Whether more than Locust's own runner wants to hear of requests."""
    handlers: list[Any] = environment.events.request._handlers
    return len(handlers) > 1


def _entry(name: str, method: str, batch: _Batch) -> Any:
    """A batch as Locust keeps it; all of it is put into the second in which the tables are filled."""
    now_s = time.time()  # noqa: TID251 (a label in Locust's tables)
    took_ms = [took_ns / 1e6 for took_ns in batch.took_ns]
    failures = batch.not_served.total()
    entry: Any = StatsEntry(RequestStats(use_response_times_cache=False), name, method)
    entry.num_requests = len(took_ms)
    entry.num_failures = failures
    entry.total_response_time = sum(took_ms)
    entry.min_response_time, entry.max_response_time = min(took_ms), max(took_ms)
    entry.response_times.update(Counter(map(bucket_response_time, took_ms)))
    entry.num_reqs_per_sec[int(now_s)] = len(took_ms)
    if failures:
        entry.num_fail_per_sec[int(now_s)] = failures
    entry.last_request_timestamp = now_s
    entry.total_content_length = batch.length
    return entry


def _note(stats: RequestStats, method: str, name: str, error: NotServed, number: int) -> None:
    key = StatsError.create_key(method, name, error)
    noted = stats.errors.setdefault(key, StatsError(method, name, error))
    noted.occurred()
    noted.occurrences += number - 1


_known: dict[tuple[int, int, int], NotServed] = {}


def _not_served(words: tuple[Any, ...]) -> NotServed:
    """One exception for each outcome, failure and status."""
    if words not in _known:
        outcome, failure, status = words
        said = f", HTTP {status}" if status else ""
        why = f": {failure.name.lower().replace('_', ' ')}" if failure else ""
        _known[words] = NotServed(f"{outcome.name.lower()}{why}{said}")
    return _known[words]
