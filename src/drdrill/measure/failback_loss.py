"""What the way home lost: its own recovery point, in operations, rupees and seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from drdrill.measure.attempts import Attempts, Bools, Ints
from drdrill.measure.figures import counted, interval_s, plain, rupees, spread
from drdrill.measure.findings import WITNESSES, finding, unknown
from drdrill.measure.presence import Presence
from drdrill.measure.reconcile import Reconciliation
from drdrill.measure.verdicts import by_interval
from drdrill.measure.way_home import WayHome
from drdrill.model.judgement import Count, Finding, Interval, Verdict

_RPO, _LOSS = ("failback.rpo", "Failback: RPO"), ("failback.loss", "Failback: loss")
_NOTHING = "the recovery region had acked no write before the exchange, so none could be lost by it"


@dataclass(frozen=True)
class LossHome:
    """The writes that the failback answers for and that are gone; ``age_s`` of the oldest of them is None where nothing was asked for.

    ``acked_before`` is how many writes the recovery region had acked when the failback was asked for: what could be lost.
    """

    count: Count
    lost: Interval
    age_s: Interval | None
    acked_before: int
    oldest: tuple[int, ...]


def loss_home(way: WayHome, attempts: Attempts, found: Reconciliation) -> LossHome:
    """Compare what the recovery region promised with what the region holds to which the bank returned."""
    rows, doubt = (_answered_for(way, attempts, found.of_class(one)) for one in (Presence.LOST, Presence.IN_DOUBT))
    kept = _answered_for(way, attempts, found.of_class(Presence.KEPT))
    acked_ns = attempts.slots(np.concatenate([rows, kept])).time("done_ns")
    return LossHome(
        count=Count(operations=len(rows), paise=int(attempts.slots(rows).column("amount_paise").sum())),
        lost=Interval(low=len(rows), high=len(rows) + len(doubt)),
        age_s=_age(way, attempts, rows, doubt),
        acked_before=0 if way.requested_ns is None else int((acked_ns < way.requested_ns).sum()),
        oldest=_oldest(attempts, rows),
    )


def failback_loss_findings(way: WayHome, home: LossHome) -> Iterator[Finding]:
    """The finding on its RPO, and the one on its loss."""
    yield _rpo(way, home)
    yield _loss(way, home)


def unknown_loss_home(way: WayHome, because: str) -> Iterator[Finding]:
    """Both findings, where nothing can be said."""
    yield unknown(*_RPO, because, _asked_rpo(way))
    yield unknown(*_LOSS, because, _asked_loss(way))


def _answered_for(way: WayHome, attempts: Attempts, rows: Ints) -> Ints:
    """Of some writes those that the failback answers for.

    Those that were sent after it began, and those that the recovery region served since the failover was declared: they are
    its own, so the disaster cannot have lost them.
    """
    writes = attempts.slots(rows)
    sent_ns = writes.time("sent_ns")
    mine = _since(sent_ns, way.started_ns if way.started_ns is not None else way.requested_ns)
    regions, recovery = way.history.regions, way.history.drill.target.recovery_region
    if recovery in regions:
        mine |= _since(sent_ns, way.declared_ns) & (writes.column("region") == regions.index(recovery))
    answered_for: Ints = rows[mine]
    return answered_for


def _since(times: Ints, since_ns: int | None) -> Bools:
    return np.zeros(len(times), dtype=np.bool_) if since_ns is None else times >= since_ns


def _age(way: WayHome, attempts: Attempts, rows: Ints, doubt: Ints) -> Interval | None:
    """From the ack of the oldest lost write to the exchange, over ``[requested, proved]``, as of any loss."""
    if way.requested_ns is None or way.proved_ns is None:
        return None
    acked, sent = attempts.slots(rows).time("done_ns"), attempts.slots(doubt).time("sent_ns")
    if not len(acked) and not len(sent):
        return Interval(low=0.0, high=0.0)
    low_ns = way.requested_ns - int(acked.min()) if len(acked) else 0
    oldest_ns = min(int(times.min()) for times in (acked, sent) if len(times))
    return interval_s(low_ns, way.proved_ns - oldest_ns, widen_ns=attempts.clock.bound_ns)


def _oldest(attempts: Attempts, rows: Ints) -> tuple[int, ...]:
    lost = attempts.slots(rows)
    return attempts.ids_at(rows[np.lexsort((lost.column("op_id"), lost.time("done_ns")))][:WITNESSES])


def _rpo(way: WayHome, home: LossHome) -> Finding:
    because = way.missing_because or (None if home.acked_before else _NOTHING)
    if because is not None:
        return unknown(*_RPO, because, _asked_rpo(way))
    assert home.age_s is not None
    in_operations = way.objectives.rpo_s == 0
    interval, unit = (home.lost, "operations") if in_operations else (home.age_s, "s")
    told = f"the oldest lost write had been acked {spread(home.age_s, 's')} before the exchange ({_amount(home)} lost)"
    if home.lost.high == 0:
        told = f"all {counted(home.acked_before, 'write')} acked before the exchange are in the books"
    elif home.age_s.high == 0:
        told = f"nothing acked before the exchange was lost ({_amount(home)} acked after it was)"
    return finding(
        *_RPO,
        ("Failback: RPO met", "Failback: RPO missed"),
        Verdict.NOT_ASSESSED if way.objectives.rpo_s is None else by_interval(interval, way.objectives.rpo_s),
        told,
        observed=spread(interval, unit),
        objective=_asked_rpo(way),
        interval=interval,
        unit=unit,
        witnesses=home.oldest,
    )


def _loss(way: WayHome, home: LossHome) -> Finding:
    if way.missing_because is not None:
        return unknown(*_LOSS, way.missing_because, _asked_loss(way))
    objective = way.objectives.loss_operations
    return finding(
        *_LOSS,
        ("Failback: loss within the objective", "Failback: too much was lost"),
        Verdict.NOT_ASSESSED if objective is None else by_interval(home.lost, objective),
        f"{_amount(home)} acked and lost on the way back to {way.history.drill.target.primary_region}",
        observed=_amount(home),
        objective=_asked_loss(way),
        interval=home.lost,
        unit="operations",
        witnesses=home.oldest,
    )


def _amount(home: LossHome) -> str:
    return f"{spread(home.lost, 'operations')} ({rupees(home.count.paise)})"


def _asked_rpo(way: WayHome) -> str | None:
    objective = way.objectives.rpo_s
    if objective is None:
        return None
    return "0 s, that is 0 operations" if objective == 0 else f"{plain(objective)} s"


def _asked_loss(way: WayHome) -> str | None:
    objective = way.objectives.loss_operations
    return None if objective is None else counted(objective, "operation")
