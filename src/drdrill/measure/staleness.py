"""Stale reads: those that saw less than the bank had already promised (docs/measuring.md, section 3).

For a read of an account, sent at t, the newest kept write acked before t is wanted. Within one account the rows stand
in the order of their sequence; the earliest ack among a row and all later ones never falls from row to row, so the
wanted row is found by bisection, and that for all accounts in one array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Ints
from drdrill.measure.ledgers import Ledgers
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.reconcile import Reconciliation
from drdrill.measure.tally import located
from drdrill.model.operation import Kind, Outcome

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class _Kept:
    """``keys`` ascend: an account's rank times ``stride_ns``, plus the earliest ack from that row on."""

    keys: Ints
    accounts: npt.NDArray[np.int32]
    ledgers: Ledgers
    base_ns: int
    stride_ns: int

    def newest(self, accounts: npt.NDArray[np.int32], before_ns: Ints) -> Ints:
        """The sequence of the newest kept write on each account acked before a time; -1 where there is none."""
        rank = np.minimum(np.searchsorted(self.accounts, accounts), len(self.accounts) - 1)
        wanted = np.minimum(before_ns - self.base_ns, self.stride_ns - 1)
        row = np.searchsorted(self.keys, rank * self.stride_ns + wanted, side="left") - 1
        there = (self.accounts[rank] == accounts) & (row >= self.ledgers.first[rank])
        return np.where(there, self.ledgers.sequences[row], -1)


def flag_stale(attempts: Attempts, found: Reconciliation, ledgers: Ledgers, proved_ns: int) -> None:
    """Flag every acked read, sent after ``proved_ns``, that saw less than the newest kept write acked before it.

    Both clocks may be off by the bound, so a write counts as earlier only when it is earlier beyond doubt.
    """
    if not len(ledgers.order):
        return
    slack_ns = 2 * attempts.clock.bound_ns
    latest_ns = max((int(part.time("sent_ns").max(initial=0)) for part in attempts.parts()), default=0)
    kept = _kept(attempts, found, ledgers, base_ns=proved_ns - slack_ns, latest_ns=latest_ns)
    for part in attempts.parts():
        sent = part.time("sent_ns")
        is_read = part.column("kind") == Kind.READ
        asked = is_read & (part.outcome() == Outcome.ACKED) & (sent > proved_ns)
        if asked.any():
            newest = kept.newest(part.column("debit")[asked], sent[asked] - slack_ns)
            stale = part.first + np.flatnonzero(asked)[part.column("seen_seq")[asked] < newest]
            found.flags[stale] |= Flag.STALE.bit


def _kept(attempts: Attempts, found: Reconciliation, ledgers: Ledgers, *, base_ns: int, latest_ns: int) -> _Kept:
    stride_ns = max(latest_ns - base_ns, 0) + 2
    if len(ledgers.first) * stride_ns >= 1 << 62:
        raise ValueError(
            f"{len(ledgers.first)} accounts over {stride_ns / 1e9:.0f} s are too many to look for stale reads"
        )
    keys = np.clip(_acks(attempts, found, ledgers) - base_ns, 0, stride_ns - 1)
    keys += np.repeat(np.arange(len(ledgers.first), dtype=np.int64) * stride_ns, ledgers.lengths)
    keys = np.minimum.accumulate(keys[::-1])[::-1]
    return _Kept(keys, ledgers.accounts[ledgers.first], ledgers, base_ns, stride_ns)


def _acks(attempts: Attempts, found: Reconciliation, ledgers: Ledgers) -> Ints:
    """When each ledger row, in the order of the ledgers, was promised; never, if its write was not kept."""
    acked = np.full(len(ledgers.order), _NEVER, dtype=np.int64)
    first = 0
    for part, _, rows in located(attempts, found.survivors.entries):
        kept = rows >= 0
        kept[kept] = found.presence[rows[kept]] == Presence.KEPT
        acked[first : first + len(part)][kept] = attempts.time_at("done_ns", rows[kept])
        first += len(part)
    in_order: Ints = acked[ledgers.order]
    return in_order
