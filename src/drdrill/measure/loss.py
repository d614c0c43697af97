"""The recovery point: what was promised and is gone, in operations, rupees, customers and seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drdrill.measure.attempts import Attempts, Bools, Bytes, Ints, Part
from drdrill.measure.disaster import Disaster, in_time
from drdrill.measure.figures import interval_s, seconds_of
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.reconcile import Reconciliation
from drdrill.measure.walk import walk
from drdrill.model.history import History
from drdrill.model.judgement import Count, Interval, Loss, LostPayment
from drdrill.model.mark import LAG_OBSERVED

LISTED = 10_000
"""How many lost payments a judgement lists one by one; the rest is only counted."""

_FLAGS = tuple(Flag)
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Moments:
    """The acks and sends that the ages of a loss are counted from, on the drill's clock; None: there is none."""

    first_ack_ns: int | None
    oldest_lost_ns: int | None
    oldest_kept_ns: int | None
    newest_kept_before_ns: int | None
    first_in_doubt_ns: int | None

    @property
    def is_unbounded(self) -> bool:
        """Whether everything that was written is gone, so that the loss may reach back further than was watched."""
        if self.oldest_lost_ns is None:
            return False
        return self.oldest_kept_ns is None or self.oldest_kept_ns >= self.oldest_lost_ns


def unknown_loss(history: History, disaster: Disaster, because: str) -> Loss:
    """What is said when the survivors prove nothing: no write is called lost, and none is called kept."""
    metric = _lag_metric(history, disaster)
    return Loss(
        valid=False,
        invalid_because=because,
        classes={},
        flags={},
        lost_operations=None,
        lost_paise=None,
        customers=None,
        oldest_lost_age_s=None,
        newest_survivor_age_s=None,
        split_brain_span_s=None,
        lag_metric_s=metric.lag_s,
        lag_metric_source=metric.source,
        lag_metric_age_s=metric.age_s,
        lost=(),
        lost_not_listed=0,
    )


def measured_loss(
    history: History, disaster: Disaster, attempts: Attempts, found: Reconciliation, moments: Moments
) -> Loss:
    """The loss as one document."""
    classes = _classes(attempts, found)
    lost, doubt = classes[Presence.LOST.word], classes[Presence.IN_DOUBT.word]
    rows = found.of_class(Presence.LOST)
    metric = _lag_metric(history, disaster)
    listed = _oldest_first(attempts, rows)[:LISTED]
    return Loss(
        valid=True,
        invalid_because=None,
        classes=classes,
        flags=_flags(attempts, found),
        lost_operations=Interval(low=lost.operations, high=lost.operations + doubt.operations),
        lost_paise=Interval(low=lost.paise, high=lost.paise + doubt.paise),
        customers=_customers(attempts, rows),
        oldest_lost_age_s=oldest_lost_age(disaster, moments, attempts.clock.bound_ns),
        newest_survivor_age_s=_newest_survivor_age(disaster, moments, attempts.clock.bound_ns),
        split_brain_span_s=_split_brain_span(attempts, found.with_flag(Flag.SPLIT_BRAIN)),
        lag_metric_s=metric.lag_s,
        lag_metric_source=metric.source,
        lag_metric_age_s=metric.age_s,
        lost=_payments(history, attempts, found, listed),
        lost_not_listed=len(rows) - len(listed),
    )


def find_moments(attempts: Attempts, found: Reconciliation, request_ns: int | None) -> Moments:
    """One walk over all acks."""
    looks = list(walk(attempts.parts(), lambda part: _moments_of(part, found.presence[part.rows], request_ns)))
    oldest_lost = min((look.oldest_lost_ns for look in looks), default=_NEVER)
    oldest_kept = min((look.oldest_kept_ns for look in looks), default=_NEVER)
    newest_before = max((look.newest_kept_before_ns for look in looks), default=-1)
    return Moments(
        first_ack_ns=_moment(min(oldest_lost, oldest_kept)),
        oldest_lost_ns=_moment(oldest_lost),
        oldest_kept_ns=_moment(oldest_kept),
        newest_kept_before_ns=None if newest_before < 0 else newest_before,
        first_in_doubt_ns=_moment(min((look.first_in_doubt_ns for look in looks), default=_NEVER)),
    )


@dataclass(frozen=True)
class _PartMoments:
    """The moments of some operations; ``_NEVER`` and -1 stand for none."""

    oldest_lost_ns: int
    oldest_kept_ns: int
    newest_kept_before_ns: int
    first_in_doubt_ns: int


def _moments_of(part: Part, presence: Bytes, request_ns: int | None) -> _PartMoments:
    kept, lost, doubt = (presence == one for one in (Presence.KEPT, Presence.LOST, Presence.IN_DOUBT))
    done, sent = part.time("done_ns"), part.time("sent_ns")
    before = kept & (sent < request_ns) if request_ns is not None else np.zeros_like(kept)
    return _PartMoments(
        oldest_lost_ns=_earliest(done, lost),
        oldest_kept_ns=_earliest(done, kept),
        newest_kept_before_ns=int(np.where(before, done, -1).max(initial=-1)),
        first_in_doubt_ns=_earliest(sent, doubt),
    )


def _earliest(times: Ints, chosen: Bools) -> int:
    return int(np.where(chosen, times, _NEVER).min(initial=_NEVER)) if chosen.any() else _NEVER


def _moment(earliest_ns: int) -> int | None:
    return None if earliest_ns == _NEVER else earliest_ns


def oldest_lost_age(disaster: Disaster, moments: Moments, bound_ns: int) -> Interval | None:
    """From the ack of the oldest lost write to the disaster, over ``[t_request, t_proved]``; None: no disaster.

    A write in doubt may have been acked from the moment it was sent, so it can raise the upper end alone.
    """
    if disaster.request_ns is None or disaster.proved_ns is None:
        return None
    oldest, doubt = moments.oldest_lost_ns, moments.first_in_doubt_ns
    if oldest is None and doubt is None:
        return Interval(low=0.0, high=0.0)
    low_ns = 0 if oldest is None else disaster.request_ns - oldest
    earliest = min(moment for moment in (oldest, doubt) if moment is not None)
    high_ns = None if moments.is_unbounded else disaster.proved_ns - earliest
    return interval_s(low_ns, high_ns, widen_ns=bound_ns)


def _newest_survivor_age(disaster: Disaster, moments: Moments, bound_ns: int) -> Interval | None:
    if disaster.proved_ns is None or moments.newest_kept_before_ns is None:
        return None
    age_ns = disaster.proved_ns - moments.newest_kept_before_ns
    return interval_s(age_ns, age_ns, widen_ns=bound_ns)


def _classes(attempts: Attempts, found: Reconciliation) -> dict[str, Count]:
    operations = np.bincount(found.outsiders.presence, minlength=len(Presence))
    paise = np.zeros(len(Presence), dtype=np.int64)
    np.add.at(paise, found.outsiders.presence, found.outsiders.paise)
    for part_operations, part_paise in walk(attempts.parts(), lambda part: _sums(part, found.presence[part.rows])):
        operations += part_operations
        paise += part_paise
    return {
        presence.word: Count(operations=int(operations[presence]), paise=int(paise[presence]))
        for presence in Presence
        if presence is not Presence.NONE
    }


def _sums(part: Part, presence: Bytes) -> tuple[Ints, Ints]:
    paise = np.zeros(len(Presence), dtype=np.int64)
    np.add.at(paise, presence, part.column("amount_paise"))
    return np.bincount(presence, minlength=len(Presence)), paise


def _flags(attempts: Attempts, found: Reconciliation) -> dict[str, Count]:
    counts = {}
    for flag in _FLAGS:
        rows = found.with_flag(flag)
        paise = int(attempts.slots(rows).column("amount_paise").sum())
        counts[flag.word] = Count(operations=len(rows), paise=paise)
    return counts


def _customers(attempts: Attempts, rows: Ints) -> int:
    """Accounts on either side of the lost payments."""
    lost = attempts.slots(rows)
    return len(np.union1d(lost.column("debit"), lost.column("credit")))


def _split_brain_span(attempts: Attempts, rows: Ints) -> float | None:
    """From the first of those writes being sent to the last of them being acked."""
    if not len(rows):
        return None
    return seconds_of(int(attempts.time_at("done_ns", rows).max()) - int(attempts.time_at("sent_ns", rows).min()))


def _oldest_first(attempts: Attempts, rows: Ints) -> Ints:
    lost = attempts.slots(rows)
    return rows[np.lexsort((lost.column("op_id"), lost.time("done_ns")))]


def _payments(history: History, attempts: Attempts, found: Reconciliation, rows: Ints) -> tuple[LostPayment, ...]:
    lost = attempts.slots(rows)
    names = ("op_id", "debit", "credit", "amount_paise", "region")
    columns = zip(*(lost.column(name).tolist() for name in names), strict=True)
    words = {flags: _words(flags) for flags in np.unique(found.flags[rows]).tolist()}
    return tuple(
        LostPayment(
            op_id=op_id,
            debit=debit,
            credit=credit,
            amount_paise=amount_paise,
            acked_s=attempts.clock.at(acked_ns),
            region=_name(history.regions, region),
            flags=words[flags],
        )
        for (op_id, debit, credit, amount_paise, region), acked_ns, flags in zip(
            columns, lost.time("done_ns").tolist(), found.flags[rows].tolist(), strict=True
        )
    )


def _words(flags: int) -> tuple[str, ...]:
    return tuple(flag.word for flag in _FLAGS if flags & flag)


def _name(names: tuple[str, ...], number: int) -> str:
    return names[number] if number < len(names) else "none"


@dataclass(frozen=True)
class _LagMetric:
    lag_s: float | None = None
    source: str | None = None
    age_s: float | None = None


def _lag_metric(history: History, disaster: Disaster) -> _LagMetric:
    """The newest lag that the estate's own metric told before the disaster was requested, which metric, and how old it was then."""
    for mark in reversed(in_time(history.marks)):
        lag_s, age_s = mark.detail.get("lag_s"), mark.detail.get("age_s")
        if disaster.request_ns is None or mark.name != LAG_OBSERVED or mark.at_ns > disaster.request_ns:
            continue
        if isinstance(lag_s, int | float):
            since_s = seconds_of(disaster.request_ns - mark.at_ns)
            told_s = round(float(age_s) + since_s, 3) if isinstance(age_s, int | float) else None
            return _LagMetric(round(float(lag_s), 6), str(mark.detail.get("metric", mark.source)), told_s)
    return _LagMetric()
