"""Good operations: acked in time, and true (docs/measuring.md, section 3)."""

from __future__ import annotations

import numpy as np

from drdrill.measure.attempts import Attempts, Bytes, Part
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.reconcile import Reconciliation
from drdrill.model.drill import ServiceLevel
from drdrill.model.operation import Outcome

OUTCOME, GOOD, STALE = np.uint8(7), np.uint8(8), np.uint8(16)
"""The bits of what is told of an operation: the outcome, whether it was good, whether it was a stale read."""


def told_of(part: Part, attempts: Attempts, level: ServiceLevel, reconciliation: Reconciliation | None) -> Bytes:
    """Outcome, goodness and staleness of every operation of a part, a byte each.

    A write must be among the survivors: an ack by a doomed primary is not recovery. Without a valid read
    (``reconciliation`` None) the survivors are not known, and this is only what clients were told.
    """
    outcome = part.outcome()
    in_time = part.column("done_ns") - part.column("due_ns") <= round(level.latency_s * 1e9)
    is_good = (outcome == Outcome.ACKED) & in_time
    told = np.minimum(outcome, OUTCOME)  # a word that no recorder writes stays none of the four
    if reconciliation is not None:
        is_good &= (attempts.is_write[part.rows] == 0) | (reconciliation.presence[part.rows] == Presence.KEPT)
        is_stale = (reconciliation.flags[part.rows] & Flag.STALE.bit) != 0
        is_good &= ~is_stale
        told |= is_stale * STALE
    told |= is_good * GOOD
    return told
