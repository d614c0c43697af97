"""What became of the payments that only the old primary holds: the record of the reconciliation step."""

from __future__ import annotations

from typing import Literal

from drdrill.model.frozen import Frozen

Settled = Literal["re-applied", "conflict", "not settled"]


class RescuedPayment(Frozen):
    """One transfer that is in the rescued books and not in the surviving ones, and what was done about it.

    ``debit`` and ``credit`` are -1 where the rescued books do not hold both sides. ``reason`` says why it was not re-applied.
    """

    op_id: int
    debit: int
    credit: int
    amount_paise: int
    settled: Settled
    reason: str = ""


class ReconciliationRecord(Frozen):
    """One reconciliation: from which snapshot, into which region's books, and every payment.

    ``problem`` is empty when it came to its end.
    """

    format: Literal["drdrill-reconciliation/1"] = "drdrill-reconciliation/1"
    snapshot: str = ""
    rescue_cluster: str = ""
    rescue_region: str = ""
    into_region: str = ""
    began_ns: int
    ended_ns: int
    rescued_transfers: int = 0
    payments: tuple[RescuedPayment, ...] = ()
    problem: str = ""
