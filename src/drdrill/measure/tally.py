"""One read of the survivors, counted by attempt: debit rows, credit rows, rows that differ from what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Bools, Bytes, Ints, Part
from drdrill.measure.walk import PART, walk


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
    for seen in walk(batches(entries), lambda batch: _seen(attempts, batch)):
        rows_inside += len(seen.debits) + len(seen.credits)
        np.add.at(debits, seen.debits, counter.type(1))
        np.add.at(credits_, seen.credits, counter.type(1))
        altered[seen.altered] = True
        outside_ids.append(seen.outside.op_ids)
        outside_amounts.append(seen.outside.amounts)
    outside = Rows(np.concatenate(outside_ids), np.concatenate(outside_amounts))
    return Tally(debits, credits_, altered, outside), rows_inside


@dataclass(frozen=True)
class _Seen:
    """Some ledger rows: the attempts that they debit, credit, and differ from, and the rows of no attempt."""

    debits: Ints
    credits: Ints
    altered: Ints
    outside: Rows


def _seen(attempts: Attempts, batch: npt.NDArray[Any]) -> _Seen:
    op_ids, amounts = np.ascontiguousarray(batch["op_id"]), np.ascontiguousarray(batch["amount_paise"])
    rows = attempts.writes_of(op_ids)
    outside = rows < 0
    found = Rows(op_ids[outside], amounts[outside])
    if len(found.op_ids):
        batch, amounts, rows = batch[~outside], amounts[~outside], rows[~outside]
    is_debit = amounts < 0
    altered = rows[_differs(attempts.slots(rows), batch["account"], amounts, is_debit)]
    return _Seen(rows[is_debit], rows[~is_debit], altered, found)


def _capped(counts: npt.NDArray[Any]) -> Bytes:
    capped: Bytes = np.minimum(counts, 255).astype(np.uint8)
    return capped


def batches(entries: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Ledger rows, some at a time, in the order in which they were read."""
    for first in range(0, len(entries), PART):
        yield entries[first : first + PART]


def rows_among(entries: npt.NDArray[Any], op_ids: Ints) -> Rows:
    """Every ledger row of the given ids."""
    ids, amounts = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for part in batches(entries) if len(op_ids) else ():
        wanted = np.isin(part["op_id"], op_ids)
        ids.append(part["op_id"][wanted])
        amounts.append(part["amount_paise"][wanted])
    return Rows(np.concatenate(ids), np.concatenate(amounts))


def _differs(asked: Part, account: npt.NDArray[Any], amount: Ints, is_debit: Bools) -> Bools:
    wanted = np.where(is_debit, asked.column("debit"), asked.column("credit"))
    differs: Bools = (np.abs(amount) != asked.column("amount_paise")) | (account != wanted) | (amount == 0)
    return differs
