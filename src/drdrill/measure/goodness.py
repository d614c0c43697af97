"""Good operations: acked in time, and true (docs/measuring.md, section 3)."""

from __future__ import annotations

import numpy as np

from drdrill.measure.attempts import Attempts, Bytes
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.reconcile import Reconciliation
from drdrill.model.drill import ServiceLevel
from drdrill.model.operation import Outcome


def good_operations(attempts: Attempts, level: ServiceLevel, reconciliation: Reconciliation | None) -> Bytes:
    """1 for every operation that was good.

    A write must be among the survivors: an ack by a doomed primary is not recovery. Without a valid read
    (``reconciliation`` None) the survivors are not known, and this is only what clients were told.
    """
    good = np.zeros(len(attempts.operations), dtype=np.uint8)
    limit_ns = round(level.latency_s * 1e9)
    for part in attempts.parts():
        in_time = part.column("done_ns") - part.column("due_ns") <= limit_ns
        is_good = (part.outcome() == Outcome.ACKED) & in_time
        if reconciliation is not None:
            is_good &= (attempts.is_write[part.rows] == 0) | (reconciliation.presence[part.rows] == Presence.KEPT)
            is_good &= (reconciliation.flags[part.rows] & Flag.STALE.bit) == 0
        good[part.rows] = is_good
    return good
