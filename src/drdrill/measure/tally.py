"""One read of the survivors, counted by attempt: debit rows, credit rows, rows that differ from what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import PART, Attempts, Bools, Bytes, Ints


@dataclass(frozen=True)
class Rows:
    """Ledger rows that need a closer look, because nobody asked for them or they are not what was asked for."""

    op_ids: Ints
    amounts: Ints


@dataclass(frozen=True)
class Tally:
    """Counts (255 stands for 255 or more) by row of the attempts, and the ledger rows of ids never attempted."""

    debits: Bytes
    credits: Bytes
    altered: Bools
    outside: Rows

    @property
    def found(self) -> Bools:
        """Attempts of which the store holds at least one row."""
        found: Bools = (self.debits | self.credits) != 0
        return found

    @property
    def doubled(self) -> Bools:
        """Attempts that were executed more than once."""
        return (self.debits > 1) | (self.credits > 1)


def tally(attempts: Attempts, entries: npt.NDArray[Any]) -> Tally:
    """Count the rows of one read, in one walk over them."""
    counted, rows_inside = _tally(attempts, entries, np.dtype(np.uint8))
    if int(counted.debits.sum(dtype=np.int64) + counted.credits.sum(dtype=np.int64)) == rows_inside:
        return counted
    # A byte wraps at 256: an operation executed 256 times would look absent. So rare that counting again is cheap.
    wide, _ = _tally(attempts, entries, np.dtype(np.uint32))
    return Tally(_capped(wide.debits), _capped(wide.credits), wide.altered, wide.outside)


def _tally(attempts: Attempts, entries: npt.NDArray[Any], counter: np.dtype[Any]) -> tuple[Tally, int]:
    count, rows_inside = len(attempts.operations), 0
    debits, credits_ = np.zeros(count, dtype=counter), np.zeros(count, dtype=counter)
    altered = np.zeros(count, dtype=np.bool_)
    outside_ids, outside_amounts = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for part, op_ids, all_rows in located(attempts, entries):
        inside = all_rows >= 0
        if not inside.all():
            outside_ids.append(op_ids[~inside])
            outside_amounts.append(part["amount_paise"][~inside])
        asked = part if inside.all() else part[inside]
        rows = all_rows[inside]
        amount = np.ascontiguousarray(asked["amount_paise"])
        rows_inside += len(rows)
        np.add.at(debits, rows[amount < 0], counter.type(1))
        np.add.at(credits_, rows[amount >= 0], counter.type(1))
        altered[rows[_differs(attempts, asked, rows, amount)]] = True
    outside = Rows(np.concatenate(outside_ids), np.concatenate(outside_amounts))
    return Tally(debits, credits_, altered, outside), rows_inside


def _capped(counts: npt.NDArray[Any]) -> Bytes:
    capped: Bytes = np.minimum(counts, 255).astype(np.uint8)
    return capped


def located(attempts: Attempts, entries: npt.NDArray[Any]) -> Iterator[tuple[npt.NDArray[Any], Ints, Ints]]:
    """Ledger rows some at a time, with their operation ids and the attempt of each (-1: no write was attempted)."""
    for first in range(0, len(entries), PART):
        part = entries[first : first + PART]
        op_ids = np.ascontiguousarray(part["op_id"])
        rows = attempts.rows_of(op_ids)
        if len(attempts.is_write):
            rows[attempts.is_write[rows] == 0] = -1
        yield part, op_ids, rows


def rows_among(entries: npt.NDArray[Any], op_ids: Ints) -> Rows:
    """Every ledger row of the given ids."""
    ids, amounts = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for first in range(0, len(entries) if len(op_ids) else 0, PART):
        part = entries[first : first + PART]
        wanted = np.isin(part["op_id"], op_ids)
        ids.append(part["op_id"][wanted])
        amounts.append(part["amount_paise"][wanted])
    return Rows(np.concatenate(ids), np.concatenate(amounts))


def _differs(attempts: Attempts, part: npt.NDArray[Any], rows: Ints, amount: Ints) -> Bools:
    asked = attempts.operations
    is_debit = amount < 0
    account = np.where(is_debit, asked["debit"][rows], asked["credit"][rows])
    differs: Bools = (np.abs(amount) != asked["amount_paise"][rows]) | (part["account"] != account) | (amount == 0)
    return differs
