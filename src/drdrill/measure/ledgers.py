"""The ledger of every account, row by row in the order of its own sequence: what staleness and the books stand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Ints

_HALF = 1 << 16


@dataclass(frozen=True)
class Ledgers:
    """``order`` sorts the entries by account and sequence; ``first`` are the places where an account begins."""

    order: npt.NDArray[Any]
    accounts: npt.NDArray[Any]
    sequences: npt.NDArray[Any]
    first: Ints

    @property
    def lengths(self) -> Ints:
        """How many rows each account has."""
        return np.diff(np.append(self.first, len(self.order)))


def ledgers_of(entries: npt.NDArray[Any]) -> Ledgers:
    """Group the rows of a read by account.

    Rows of one account are written in the order of its sequence, so a stable radix sort by account alone is enough,
    and linear; rows that are not in that order cost a real sort.
    """
    accounts = np.ascontiguousarray(entries["account"])
    order = _by_account(accounts)
    # Gathering from a column of its own touches a fifth of the memory that gathering from whole rows does.
    accounts, sequences = accounts[order], np.ascontiguousarray(entries["seq"])[order]
    same = accounts[1:] == accounts[:-1]
    if np.any(same & (sequences[1:] < sequences[:-1])):
        order = np.lexsort((entries["seq"], entries["account"]))
        accounts, sequences = entries["account"][order], entries["seq"][order]
        same = accounts[1:] == accounts[:-1]
    first = np.flatnonzero(~same) + 1
    if len(order):
        first = np.concatenate((np.zeros(1, dtype=np.int64), first))
    return Ledgers(order, accounts, sequences, first)


def _by_account(accounts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # numpy's stable sort of 16-bit numbers is a radix sort; two passes, low half first, sort 32 bits.
    low, high = (accounts & (_HALF - 1)).astype(np.uint16), (accounts >> 16).astype(np.int16)
    order = np.argsort(low, kind="stable")
    return order if not high.any() else order[np.argsort(high[order], kind="stable")]
