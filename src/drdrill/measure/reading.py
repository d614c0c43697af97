"""Which reads of the survivors may be believed, and why the others may not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from drdrill.measure.figures import plain, seconds_of
from drdrill.measure.survey import Survey
from drdrill.model.history import History
from drdrill.model.mark import FAILBACK_STARTED, FAULT_HEALED, RECONCILIATION_STARTED
from drdrill.model.survivors import Survivors

_CHANGES = (FAULT_HEALED, FAILBACK_STARTED, RECONCILIATION_STARTED)


@dataclass(frozen=True)
class Reading:
    """The reads that may be believed, oldest first; when none may be, the sentence that says why."""

    valid: tuple[Survivors, ...]
    invalid_because: str | None


def believe(history: History, seen: Survey) -> Reading:
    """The valid reads of a history.

    The last read must be valid, and so must every read that no later valid one repeats before the estate changed
    (a fault healed, a failback begun, lost payments re-applied): otherwise what was absent then and came back later would never be noticed.
    """
    reads = history.survivors
    if not reads:
        return Reading((), "the survivors were never read")
    reasons = [read.circumstances.invalid_because() for read in reads]
    reason = reasons[-1] or _writes_after(seen, reads[-1]) or _unrepeated(history, reasons)
    reason = reason or _reconciled_unread(history)
    if reason is not None:
        return Reading((), reason)
    return Reading(tuple(read for read, why in zip(reads, reasons, strict=True) if why is None), None)


def _reconciled_unread(history: History) -> str | None:
    """Why the loss cannot be told: lost payments were re-applied before anybody had read what was lost."""
    began = [mark.at_ns for mark in history.marks if mark.name == RECONCILIATION_STARTED]
    if history.reconciliation is not None:
        began.append(history.reconciliation.began_ns)
    reads = [read.circumstances for read in history.survivors]
    if not began or any(read.ended_ns <= min(began) and read.invalid_because() is None for read in reads):
        return None
    return "lost payments were re-applied before a valid read of the survivors had shown what was lost"


def _unrepeated(history: History, reasons: list[str | None]) -> str | None:
    changes = [mark.at_ns for mark in history.marks if mark.name in _CHANGES]
    for (read, following), why in zip(pairwise(history.survivors), reasons, strict=False):
        began_ns, next_ns = read.circumstances.began_ns, following.circumstances.began_ns
        if why is not None and any(began_ns <= at_ns <= next_ns for at_ns in changes):
            return why
    return None


def _writes_after(seen: Survey, read: Survivors) -> str | None:
    late_ns, bound_ns = seen.last_write_sent_ns - read.circumstances.began_ns, seen.attempts.clock.bound_ns
    if seen.last_write_sent_ns and late_ns > bound_ns:
        return f"a write was still sent {plain(seconds_of(late_ns - bound_ns))} s after the survivors' read began"
    if seen.last_write_sent_ns and late_ns > -bound_ns:
        return (
            f"a write may still have been sent {plain(seconds_of(late_ns + bound_ns))} s after the survivors' read began: "
            f"the clocks are known to {plain(seconds_of(bound_ns))} s only"
        )
    return None
