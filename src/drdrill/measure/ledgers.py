"""The ledger of every account in a few numbers: what the books are checked with.

Rows are grouped some at a time, and groups of one account are joined like rows are; so a hundred million rows need no
sort, and no memory beyond the accounts. What one part of the rows says can be joined with what another says, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Bools, Ints
from drdrill.measure.tally import batches
from drdrill.measure.walk import walk

_HALF = 1 << 16
_JOINED_AT = 1 << 21


@dataclass(frozen=True)
class Ledgers:
    """One group of rows for each of ``accounts`` (ascending): rows, their sum, the lowest running sum on the way, the
    sequence of the first and the last, and whether they are not numbered one after another.

    ``in_order`` is False when a row came after one of a higher sequence: then only ``accounts`` and ``lengths`` hold.
    """

    accounts: npt.NDArray[Any]
    lengths: Ints
    totals: Ints
    lowest: Ints
    first_seq: Ints
    last_seq: Ints
    is_broken: Bools
    in_order: bool

    @property
    def has_gap(self) -> Bools:
        """Accounts whose rows are not numbered 1, 2, 3, …"""
        gap: Bools = self.is_broken | (self.first_seq != 1)
        return gap


def ledgers_of(entries: npt.NDArray[Any]) -> tuple[Ledgers, npt.NDArray[Any]]:
    """The ledgers of one read, and its rows with those of each account in the order of their sequence.

    Rows of one account are written, and read, in that order; rows that are not cost a real sort.
    """
    told = _walked(entries)
    if told.in_order:
        return told, entries
    ordered = entries[np.lexsort((entries["seq"], entries["account"]))]
    return _walked(ordered), ordered


def _walked(entries: npt.NDArray[Any]) -> Ledgers:
    held: list[Ledgers] = []
    groups = 0
    for told in walk(batches(entries), _rows_as_ledgers):
        held.append(told)
        groups += len(told.accounts)
        if groups > _JOINED_AT and len(held) > 1:
            held = [_joined(held)]
            groups = 0
    return _joined(held)


def _rows_as_ledgers(batch: npt.NDArray[Any]) -> Ledgers:
    amounts, sequences = np.ascontiguousarray(batch["amount_paise"]), np.ascontiguousarray(batch["seq"])
    ones, fine = np.ones(len(batch), dtype=np.int64), np.zeros(len(batch), dtype=np.bool_)
    accounts = np.ascontiguousarray(batch["account"])
    return _grouped(Ledgers(accounts, ones, amounts, amounts, sequences, sequences, fine, True))


def _joined(held: Sequence[Ledgers]) -> Ledgers:
    if len(held) == 1:
        return held[0]

    def column(name: str, dtype: type[np.generic]) -> npt.NDArray[Any]:
        return np.concatenate([np.zeros(0, dtype=dtype), *(getattr(one, name) for one in held)])

    return _grouped(
        Ledgers(
            accounts=column("accounts", np.int32),
            lengths=column("lengths", np.int64),
            totals=column("totals", np.int64),
            lowest=column("lowest", np.int64),
            first_seq=column("first_seq", np.int64),
            last_seq=column("last_seq", np.int64),
            is_broken=column("is_broken", np.bool_),
            in_order=all(one.in_order for one in held),
        )
    )


def _grouped(parts: Ledgers) -> Ledgers:
    """Join the parts of each account; a row is a part of its own."""
    order = by_number(parts.accounts)
    accounts = parts.accounts.take(order)
    if not len(order):
        return parts
    same = accounts[1:] == accounts[:-1]
    first = np.concatenate((np.zeros(1, dtype=np.int64), np.flatnonzero(~same) + 1))
    last = np.append(first[1:], len(order)) - 1
    totals, first_seq = parts.totals.take(order), parts.first_seq.take(order)
    last_seq = first_seq if parts.first_seq is parts.last_seq else parts.last_seq.take(order)
    step = first_seq[1:] - last_seq[:-1]
    broken = np.append(parts.is_broken.take(order[:1]), parts.is_broken.take(order[1:]) | (same & (step != 1)))
    running = np.cumsum(totals)
    before = np.concatenate((np.zeros(1, dtype=np.int64), running[first[1:] - 1]))
    lowest = running if parts.lowest is parts.totals else running - totals + parts.lowest.take(order)
    return Ledgers(
        accounts=accounts[first],
        lengths=np.add.reduceat(parts.lengths.take(order), first),
        totals=running[last] - before,
        lowest=np.minimum.reduceat(lowest, first) - before,
        first_seq=first_seq[first],
        last_seq=last_seq[last],
        is_broken=np.logical_or.reduceat(broken, first),
        in_order=parts.in_order and not np.any(same & (step < 0)),
    )


def by_number(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What sorts whole numbers of 32 bits, stably and in linear time: the low half first, then the high one."""
    # numpy's stable sort of 16-bit numbers is a radix sort.
    order = np.argsort((numbers & (_HALF - 1)).astype(np.uint16), kind="stable")
    if not len(numbers) or (numbers.min() >= 0 and numbers.max() < _HALF):
        return order
    return order[np.argsort((numbers >> 16).astype(np.int16)[order], kind="stable")]
