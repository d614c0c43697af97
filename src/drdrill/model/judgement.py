"""What a judged history says, as data: rendered by reports, compared byte for byte by auditors.

All times are seconds relative to ``t_request`` (just before the disaster was injected); all money is paise.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Literal

from drdrill.model.frozen import Frozen


class Verdict(StrEnum):
    """What may be claimed. "Could not measure" is ``unknown``; no objective is ``not assessed``."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    UNKNOWN = "unknown"
    FAIL = "fail"
    NOT_ASSESSED = "not assessed"


class Interval(Frozen):
    """From ``low`` to ``high``; ``high`` None is unbounded."""

    low: float
    high: float | None


class Finding(Frozen):
    """One statement: what was asked, what was observed, the verdict, the sentence, and the operations that show it."""

    id: str
    title: str
    objective: str | None
    observed: str
    interval: Interval | None
    unit: str
    verdict: Verdict
    reason: str
    witnesses: tuple[int, ...] = ()


class Phase(Frozen):
    """A part of the recovery between two marks; parts of one recovery add up to it."""

    name: str
    began_s: float
    ended_s: float


class Recovery(Frozen):
    """How one journey came through the disaster."""

    journey: str
    kind: Literal["read", "write"]
    state: Literal["restored", "never down", "never restored", "not yet stable", "not evaluable"]
    rta_s: Interval | None
    outage_began_s: float | None
    restored_s: Interval | None
    watched_s: float
    window_s: float
    due: int
    bad: int
    stale: int
    seconds_below: float
    relapses: tuple[Interval, ...]
    phases: tuple[Phase, ...]


class LostPayment(Frozen):
    """One broken promise. ``acked_s`` is relative to ``t_request``: negative is before the disaster."""

    op_id: int
    debit: int
    credit: int
    amount_paise: int
    acked_s: float
    region: str
    flags: tuple[str, ...]


class Count(Frozen):
    """So many operations, worth so much."""

    operations: int
    paise: int


class Loss(Frozen):
    """The recovery point: every presence class, every flag, the loss, its ages, and the lag metric beside it."""

    valid: bool
    invalid_because: str | None
    classes: dict[str, Count]
    flags: dict[str, Count]
    lost_operations: Interval | None
    lost_paise: Interval | None
    customers: int | None
    oldest_lost_age_s: Interval | None
    newest_survivor_age_s: Interval | None
    split_brain_span_s: float | None
    lag_metric_s: float | None
    lag_metric_source: str | None
    lag_metric_age_s: float | None = None
    lost: tuple[LostPayment, ...]
    lost_not_listed: int


class Failback(Frozen):
    """The way home as a recovery of its own, asked for at ``requested_s`` on the drill's axis.

    ``oldest_lost_age_s`` is the recovery point of the failback alone. Of its recoveries ``restored_s`` and ``relapses`` count from there; all other times are on the drill's axis.
    """

    requested_s: float
    proved_s: float | None
    recoveries: tuple[Recovery, ...]
    lost: Count | None
    oldest_lost_age_s: Interval | None = None


class SettledPayment(Frozen):
    """A rescued payment, what was done about it, and what its customer had been told (an outcome, or ``not asked for``)."""

    op_id: int
    debit: int
    credit: int
    amount_paise: int
    told: str
    settled: str
    reason: str


class Settlement(Frozen):
    """The reconciliation as an accountant signs it. Sums are of all balances, before and after.

    ``rescued_transfers`` is how many the rescued books hold; those that the surviving books held already are not listed.
    """

    snapshot: str
    into_region: str
    began_s: float
    ended_s: float
    applied: Count
    conflicts: Count
    unsettled: Count
    sum_before_paise: int | None
    sum_after_paise: int | None
    payments: tuple[SettledPayment, ...]
    payments_not_listed: int
    rescued_transfers: int | None = None


class BookCheck(Frozen):
    """One rule of the books: whether it holds, and what was seen."""

    rule: str
    verdict: Verdict
    seen: str


class JourneySeries(Frozen):
    """Counts per bucket of due time, and latency from due in ms (None: no acked operation in the bucket)."""

    journey: str
    good: tuple[int, ...]
    late: tuple[int, ...]
    refused: tuple[int, ...]
    unknown: tuple[int, ...]
    unsent: tuple[int, ...]
    p50_ms: tuple[float | None, ...]
    p99_ms: tuple[float | None, ...]


class Timeline(Frozen):
    """The drill in buckets: ``began_s`` is the left edge of the first."""

    began_s: float
    bucket_s: float
    journeys: tuple[JourneySeries, ...]


class MarkAt(Frozen):
    """A mark on the drill's own time axis."""

    name: str
    at_s: float
    source: str
    detail: dict[str, Any]


class Judgement(Frozen):
    """Everything that one history supports, and nothing else."""

    format: Literal["drdrill-judgement/1"] = "drdrill-judgement/1"
    drill_id: str
    verdict: Verdict
    exit_status: int
    findings: tuple[Finding, ...]
    disaster_s: Interval | None
    recoveries: tuple[Recovery, ...]
    loss: Loss
    books: tuple[BookCheck, ...]
    timeline: Timeline | None
    marks: tuple[MarkAt, ...]
    schedule_lag_p99_ms: float | None
    operations: int
    failback: Failback | None = None
    settlement: Settlement | None = None

    def to_json(self) -> str:
        """The canonical text: same history, same bytes."""
        return (
            json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
            + "\n"
        )
