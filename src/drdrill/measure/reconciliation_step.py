"""The drill's reconciliation step: what it says it did, compared with the books before it and after it.

The loss is read before it, and stays a loss. What the step re-applied comes back because it was asked to, so it is not
resurrected; what came back besides is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from drdrill.measure.attempts import Attempts, Ints
from drdrill.measure.clock import Clock
from drdrill.measure.figures import counted, rupees
from drdrill.measure.findings import finding, unknown
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.reading import Reading
from drdrill.measure.reconcile import Reconciliation
from drdrill.model.history import History
from drdrill.model.judgement import Count, Finding, SettledPayment, Settlement, Verdict
from drdrill.model.operation import Outcome
from drdrill.model.reconciliation import ReconciliationRecord, RescuedPayment
from drdrill.model.survivors import Survivors

LISTED = 10_000
"""How many rescued payments a judgement lists one by one; the rest is only counted."""

_ID, _TITLE = "reconciliation", "Reconciliation"
_ASKED = "every lost payment is re-applied, or listed with the reason"
_NAMED = 5


def forgive_settled(history: History, attempts: Attempts, reading: Reading, found: Reconciliation) -> None:
    """Take the flag ``resurrected`` from what the reconciliation re-applied, and from nothing else."""
    record = history.reconciliation
    if record is None:
        return
    books = _Books.around(record, reading, found)
    if books is None:
        return
    applied = _ids(record, "re-applied")
    rows = attempts.writes_of(np.setdiff1d(applied, books.before))
    found.flags[rows[rows >= 0]] &= np.uint8(~Flag.RESURRECTED.bit)


def reconciliation_finding(
    history: History, attempts: Attempts, reading: Reading, found: Reconciliation
) -> Finding | None:
    """Whether every lost payment was settled, and nothing else happened to the books; None when no step was planned or made."""
    record = history.reconciliation
    if record is None:
        return _never_made(found) if history.drill.reconcile else None
    books = _Books.around(record, reading, found)
    if record.problem or books is None:
        return _not_ended(record, found, len(reading.valid))
    wrong = list(_contradictions(record, attempts, found, books))
    applied, conflicts = _count(record, "re-applied"), _count(record, "conflict")
    told = "; ".join(wrong) or (
        f"{_amount(applied)} re-applied, {_amount(conflicts)} in conflict and listed; all balances together are "
        f"{rupees(books.sum_before)} before and after"
    )
    return finding(
        _ID,
        _TITLE,
        ("The lost payments are reconciled", "The lost payments are not reconciled"),
        Verdict.FAIL if wrong else Verdict.PASS,
        told,
        observed=f"{counted(applied.operations, 'payment')} re-applied, {counted(conflicts.operations, 'conflict')}",
        objective=_ASKED,
        witnesses=tuple(payment.op_id for payment in record.payments if payment.settled != "re-applied"),
    )


def settlement_of(
    history: History, attempts: Attempts, reading: Reading, found: Reconciliation, clock: Clock
) -> Settlement | None:
    """The reconciliation as a table, or None when there was none."""
    record = history.reconciliation
    if record is None or record.problem:
        return None
    books = _Books.around(record, reading, found)
    listed = record.payments[:LISTED]
    told = _told(attempts, np.array([payment.op_id for payment in listed], dtype=np.int64))
    return Settlement(
        snapshot=record.snapshot,
        into_region=record.into_region,
        began_s=clock.at(record.began_ns),
        ended_s=clock.at(record.ended_ns),
        applied=_count(record, "re-applied"),
        conflicts=_count(record, "conflict"),
        unsettled=_count(record, "not settled"),
        sum_before_paise=None if books is None else books.sum_before,
        sum_after_paise=None if books is None else books.sum_after,
        payments=tuple(_row(payment, word) for payment, word in zip(listed, told, strict=True)),
        payments_not_listed=len(record.payments) - len(listed),
        rescued_transfers=record.rescued_transfers,
    )


@dataclass(frozen=True)
class _Books:
    """Which operations the books held just before the step and after it, and what all balances came to."""

    before: Ints
    after: Ints
    sum_before: int
    sum_after: int

    @classmethod
    def around(cls, record: ReconciliationRecord, reading: Reading, found: Reconciliation) -> _Books | None:
        earlier = [read for read in reading.valid if read.circumstances.ended_ns <= record.began_ns]
        if not earlier or found.survivors.circumstances.began_ns < record.ended_ns:
            return None
        return cls(_held(earlier[-1]), _held(found.survivors), _sum(earlier[-1]), _sum(found.survivors))


def _held(read: Survivors) -> Ints:
    held: Ints = np.unique(read.entries["op_id"])
    return held


def _sum(read: Survivors) -> int:
    return int(read.accounts["balance_paise"].sum())


def _contradictions(
    record: ReconciliationRecord, attempts: Attempts, found: Reconciliation, books: _Books
) -> Iterator[str]:
    lost = np.array(attempts.ids_at(found.of_class(Presence.LOST)), dtype=np.int64)
    applied = _ids(record, "re-applied")
    listed = np.array([payment.op_id for payment in record.payments], dtype=np.int64)
    checks = (
        (np.setdiff1d(lost, listed), "lost and neither re-applied nor listed"),
        (_ids(record, "not settled"), "listed without having been settled"),
        (np.setdiff1d(applied, books.after), "said to be re-applied, and not in the books"),
        (
            np.setdiff1d(np.setdiff1d(books.after, books.before), applied),
            "in the books now, and not by the reconciliation",
        ),
        (np.setdiff1d(books.before, books.after), "in the books before, and gone now"),
    )
    for wrong, words in checks:
        if len(wrong):
            yield f"{counted(len(wrong), 'payment')} {words} ({_some(wrong)})"
    if books.sum_before != books.sum_after:
        yield f"all balances together were {rupees(books.sum_before)} before, and are {rupees(books.sum_after)} now"


def _never_made(found: Reconciliation) -> Finding:
    lost = len(found.of_class(Presence.LOST))
    if not lost:
        return unknown(_ID, _TITLE, "it was planned, and the record holds none", _ASKED)
    return _failed(
        f"{counted(lost, 'lost payment')} neither re-applied nor listed: the record holds no reconciliation", lost
    )


def _not_ended(record: ReconciliationRecord, found: Reconciliation, reads: int) -> Finding:
    lost = len(found.of_class(Presence.LOST))
    why = record.problem or f"the books were not read before it and after it ({counted(reads, 'valid read')})"
    if not lost or not record.problem:
        return unknown(_ID, _TITLE, why, _ASKED)
    return _failed(f"{counted(lost, 'lost payment')} neither re-applied nor listed, because {why}", lost)


def _failed(told: str, lost: int) -> Finding:
    return finding(
        _ID,
        _TITLE,
        ("", "The lost payments are not reconciled"),
        Verdict.FAIL,
        told,
        observed=f"{counted(lost, 'payment')} not settled",
        objective=_ASKED,
    )


def _ids(record: ReconciliationRecord, settled: str) -> Ints:
    return np.array([payment.op_id for payment in record.payments if payment.settled == settled], dtype=np.int64)


def _count(record: ReconciliationRecord, settled: str) -> Count:
    amounts = [payment.amount_paise for payment in record.payments if payment.settled == settled]
    return Count(operations=len(amounts), paise=sum(amounts))


def _amount(count: Count) -> str:
    return f"{counted(count.operations, 'payment')} ({rupees(count.paise)})"


def _told(attempts: Attempts, op_ids: Ints) -> list[str]:
    """What the customer of each was told."""
    rows = attempts.writes_of(op_ids)
    known = rows >= 0
    words = ["not asked for"] * len(op_ids)
    if known.any():
        outcomes = attempts.slots(rows[known]).outcome().tolist()
        for place, outcome in zip(np.flatnonzero(known).tolist(), outcomes, strict=True):
            words[place] = Outcome(outcome).name.lower() if outcome in set(Outcome) else "not known"
    return words


def _row(payment: RescuedPayment, told: str) -> SettledPayment:
    return SettledPayment(
        op_id=payment.op_id,
        debit=payment.debit,
        credit=payment.credit,
        amount_paise=payment.amount_paise,
        told=told,
        settled=payment.settled,
        reason=payment.reason,
    )


def _some(op_ids: Ints) -> str:
    shown = ", ".join(str(int(identity)) for identity in op_ids[:_NAMED])
    return f"{shown}, …" if len(op_ids) > _NAMED else shown
