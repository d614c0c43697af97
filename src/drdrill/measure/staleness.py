"""Stale reads: those that saw less than the bank had already promised (docs/measuring.md, section 3).

For a read of an account, sent at t, the newest kept write acked before t is wanted. Within one account the rows stand
in the order of their sequence; the earliest ack among a row and all later ones never falls from row to row, so the
wanted row is found by bisection, and that for all accounts in one array. Of the writes acked before the disaster only
the newest on each account can be wanted, so the array holds the later ones alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Ints, Part
from drdrill.measure.ledgers import Ledgers, by_number
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.reconcile import Reconciliation
from drdrill.measure.survey import Survey
from drdrill.measure.tally import batches
from drdrill.measure.walk import walk
from drdrill.model.operation import Kind, Outcome


@dataclass(frozen=True)
class _Kept:
    """The kept writes of each account, by its rank. ``before`` is the newest that was acked before ``base_ns``.

    ``keys`` are those acked later: they ascend, rank times ``stride_ns`` plus the earliest ack from that row on.
    """

    accounts: npt.NDArray[Any]
    before: Ints
    keys: Ints
    sequences: Ints
    first: Ints
    base_ns: int
    stride_ns: int

    def newest(self, accounts: npt.NDArray[np.int32], before_ns: Ints) -> Ints:
        """The sequence of the newest kept write on each account acked before a time; -1 where there is none."""
        rank = ranked(self.accounts, accounts)
        found = np.where(rank < 0, -1, self.before.take(rank))
        if len(self.keys):
            wanted = np.minimum(before_ns - self.base_ns, self.stride_ns - 1)
            row = np.searchsorted(self.keys, rank * self.stride_ns + wanted, side="left") - 1
            later = (rank >= 0) & (row >= self.first.take(rank))
            np.copyto(found, self.sequences.take(row), where=later)
        return found


def ranked(accounts: npt.NDArray[Any], numbers: npt.NDArray[Any]) -> Ints:
    """The place of each number among ``accounts`` (ascending, at least one); -1 where it is not among them."""
    if int(accounts[-1]) - int(accounts[0]) == len(accounts) - 1:  # none is missing: no search is needed
        rank = numbers.astype(np.int64) - int(accounts[0])
        return np.where((rank >= 0) & (rank < len(accounts)), rank, -1)
    rank = np.minimum(np.searchsorted(accounts, numbers), len(accounts) - 1)
    return np.where(accounts[rank] == numbers, rank, -1)


def flag_stale(seen: Survey, found: Reconciliation, rows: npt.NDArray[Any], ledgers: Ledgers, proved_ns: int) -> None:
    """Flag every acked read, sent after ``proved_ns``, that saw less than the newest kept write acked before it.

    ``rows`` are the ledger rows, those of each account in the order of their sequence. Both clocks may be off by the
    bound, so a write counts as earlier only when it is earlier beyond doubt.
    """
    if not len(rows):
        return
    attempts, slack_ns = seen.attempts, 2 * seen.attempts.clock.bound_ns
    kept = _kept(attempts, found, rows, ledgers, base_ns=proved_ns - slack_ns, latest_ns=seen.last_sent_ns)

    def look(part: Part) -> None:
        stale = _stale(part, kept, proved_ns, slack_ns)
        found.flags[part.first + stale] |= Flag.STALE.bit

    for _ in walk(attempts.parts(), look):
        pass


def _stale(part: Part, kept: _Kept, proved_ns: int, slack_ns: int) -> Ints:
    is_asked = (part.column("kind") == Kind.READ) & (part.outcome() == Outcome.ACKED)
    is_asked &= part.time("sent_ns") > proved_ns
    asked = np.flatnonzero(is_asked)
    if not len(asked):
        return asked
    # By account, because then neighbours are looked up in the same place of a table that no cache can hold.
    accounts = part.column("debit").take(asked)
    order = by_number(accounts)
    asked, accounts = asked.take(order), accounts.take(order)
    newest = kept.newest(accounts, part.time("sent_ns").take(asked) - slack_ns)
    return asked[part.column("seen_seq").take(asked) < newest]


def _kept(
    attempts: Attempts,
    found: Reconciliation,
    rows: npt.NDArray[Any],
    ledgers: Ledgers,
    *,
    base_ns: int,
    latest_ns: int,
) -> _Kept:
    stride_ns = max(latest_ns - base_ns, 0) + 2
    number = len(ledgers.accounts)
    if number * stride_ns >= 1 << 62:
        raise ValueError(f"{number} accounts over {stride_ns / 1e9:.0f} s are too many to look for stale reads")
    before, lengths = np.full(number, -1, dtype=np.int64), np.zeros(number, dtype=np.int64)
    later: deque[_Later] = deque()
    for acks in walk(batches(rows), lambda batch: _acks(attempts, found, ledgers, batch, base_ns)):
        # Of several the last is kept, and that is the newest: rows come in the order of their sequence.
        before[acks.early_rank] = acks.early_sequence
        np.add.at(lengths, acks.later.rank, 1)
        later.append(acks.later)
    since_ns, sequences = _by_rank(later, lengths)
    keys = np.minimum(since_ns, stride_ns - 1, out=since_ns)
    keys += np.repeat(np.arange(number, dtype=np.int64) * stride_ns, lengths)
    np.minimum.accumulate(keys[::-1], out=keys[::-1])
    return _Kept(ledgers.accounts, before, keys, sequences, np.cumsum(lengths) - lengths, base_ns, stride_ns)


@dataclass(frozen=True)
class _Later:
    """Kept ledger rows acked after the base: rank of the account (they are sorted by it), time since the base, sequence."""

    rank: npt.NDArray[np.int32]
    since_ns: Ints
    sequence: Ints


@dataclass(frozen=True)
class _Acks:
    """The kept rows of a batch: ranks and sequences of those acked early, and the later ones."""

    early_rank: Ints
    early_sequence: Ints
    later: _Later


def _acks(attempts: Attempts, found: Reconciliation, ledgers: Ledgers, batch: npt.NDArray[Any], base_ns: int) -> _Acks:
    writes = attempts.writes_of(np.ascontiguousarray(batch["op_id"]))
    is_kept = writes >= 0
    is_kept[is_kept] = found.presence.take(writes[is_kept]) == Presence.KEPT
    if not is_kept.all():
        batch, writes = batch[is_kept], writes[is_kept]
    rank = ranked(ledgers.accounts, np.ascontiguousarray(batch["account"]))
    since_ns, sequence = attempts.time_at("done_ns", writes) - base_ns, np.ascontiguousarray(batch["seq"])
    early = since_ns <= 0
    late = np.flatnonzero(~early)
    late = late[by_number(rank.take(late))]
    later = _Later(rank.take(late).astype(np.int32), since_ns.take(late), sequence.take(late))
    return _Acks(rank[early], sequence[early], later)


def _by_rank(later: deque[_Later], lengths: Ints) -> tuple[Ints, Ints]:
    """Times and sequences of all batches, by rank, in the order of the batches; a batch is let go once it is placed."""
    free = np.cumsum(lengths) - lengths
    since_ns, sequences = np.empty(int(lengths.sum()), dtype=np.int64), np.empty(int(lengths.sum()), dtype=np.int64)
    while later:
        batch = later.popleft()
        if not len(batch.rank):
            continue
        first = np.concatenate(([0], np.flatnonzero(batch.rank[1:] != batch.rank[:-1]) + 1))
        number = np.diff(np.append(first, len(batch.rank)))
        place = np.arange(len(batch.rank)) + np.repeat(free[batch.rank[first]] - first, number)
        since_ns[place], sequences[place] = batch.since_ns, batch.sequence
        free[batch.rank[first]] += number
    return since_ns, sequences
