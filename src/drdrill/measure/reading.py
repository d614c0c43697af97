"""Which reads of the survivors may be believed, and why the others may not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from drdrill.measure.attempts import Attempts
from drdrill.measure.figures import plain, seconds_of
from drdrill.model.history import History
from drdrill.model.mark import FAILBACK_STARTED, FAULT_HEALED
from drdrill.model.survivors import Survivors


@dataclass(frozen=True)
class Reading:
    """The reads that may be believed, oldest first; when none may be, the sentence that says why."""

    valid: tuple[Survivors, ...]
    invalid_because: str | None


def believe(history: History, attempts: Attempts) -> Reading:
    """The valid reads of a history.

    The last read must be valid, and so must every read that no later valid one repeats before the estate changed
    (a fault healed, a failback begun): otherwise what was absent then and came back later would never be noticed.
    """
    reads = history.survivors
    if not reads:
        return Reading((), "the survivors were never read")
    reasons = [read.circumstances.invalid_because() for read in reads]
    reason = reasons[-1] or _writes_after(attempts, reads[-1]) or _unrepeated(history, reasons)
    if reason is not None:
        return Reading((), reason)
    return Reading(tuple(read for read, why in zip(reads, reasons, strict=True) if why is None), None)


def _unrepeated(history: History, reasons: list[str | None]) -> str | None:
    changes = [mark.at_ns for mark in history.marks if mark.name in (FAULT_HEALED, FAILBACK_STARTED)]
    for (read, following), why in zip(pairwise(history.survivors), reasons, strict=False):
        began_ns, next_ns = read.circumstances.began_ns, following.circumstances.began_ns
        if why is not None and any(began_ns <= at_ns <= next_ns for at_ns in changes):
            return why
    return None


def _writes_after(attempts: Attempts, read: Survivors) -> str | None:
    latest_ns = 0
    for part in attempts.parts():
        sent = part.time("sent_ns")[attempts.is_write[part.rows] != 0]
        latest_ns = max(latest_ns, int(sent.max(initial=0)))
    late_ns = latest_ns - attempts.clock.bound_ns - read.circumstances.began_ns
    if latest_ns and late_ns > 0:
        return f"a write was still sent {plain(seconds_of(late_ns))} s after the survivors' read began"
    return None
