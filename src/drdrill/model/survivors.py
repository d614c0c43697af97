"""What the bank's books held when everything was over: the other half of every statement about loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.model.frozen import Frozen

ENTRY = np.dtype([("entry_id", "<i8"), ("op_id", "<i8"), ("account", "<i4"), ("amount_paise", "<i8"), ("seq", "<i8")])
"""One ledger row: ``amount_paise`` is negative for a debit; ``seq`` is the account's own ledger sequence (1, 2, 3, …);
``entry_id`` increases in the order in which rows were written."""

ACCOUNT = np.dtype(
    [("account", "<i4"), ("opening_paise", "<i8"), ("balance_paise", "<i8"), ("floor_paise", "<i8"), ("seq", "<i8")]
)
"""One account: its opening and present balance, the balance it may not fall below, and its newest ledger sequence."""


class ReadCircumstances(Frozen):
    """When and how the survivors were read: what makes the read valid or not (measuring.md, section 1)."""

    store: str
    region: str
    authoritative: bool
    began_ns: int
    ended_ns: int
    writers_stopped_ns: int
    last_deadline_ns: int
    open_transactions: int
    digest_first: str
    digest_second: str

    def invalid_because(self) -> str | None:
        """The sentence that says why this read proves nothing, or None when it is valid."""
        if not self.authoritative:
            return (
                f"survivors were read from {self.store} in {self.region}, which was not shown to be authoritative then"
            )
        if self.began_ns <= self.writers_stopped_ns:
            early_s = (self.writers_stopped_ns - self.began_ns) / 1e9
            return f"survivors were read {early_s:.3f} s before the writers had stopped"
        if self.began_ns <= self.last_deadline_ns:
            early_s = (self.last_deadline_ns - self.began_ns) / 1e9
            return f"survivors were read {early_s:.3f} s before the last client deadline had passed"
        if self.open_transactions:
            return f"{self.open_transactions} transactions were still open on the server when the survivors were read"
        if self.digest_first != self.digest_second:
            return "two reads of the survivors in a row did not agree"
        return None


@dataclass(frozen=True)
class Survivors:
    """Every ledger row and account read back from one store, with the circumstances of the read."""

    circumstances: ReadCircumstances
    entries: npt.NDArray[Any]
    accounts: npt.NDArray[Any]
