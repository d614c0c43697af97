"""Reconciliation: exactly one presence class for every id, attempted or found, and the flags it carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drdrill.measure.attempts import Attempts, Bools, Bytes, Ints, Part
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.tally import Rows, Tally, tally
from drdrill.model.operation import SEQUENCE_BITS, Outcome, State
from drdrill.model.survivors import Survivors

_ANY, _ABSENT, _BACK = 1, 2, 4


@dataclass(frozen=True)
class Outsiders:
    """Ids that were found but have no attempt: strangers, and what a recorder that died could not write down."""

    op_ids: Ints
    presence: Bytes
    paise: Ints


@dataclass(frozen=True)
class Reconciliation:
    """Class and flags by row of the attempts, the outsiders, and the last valid read with its tally."""

    presence: Bytes
    flags: Bytes
    outsiders: Outsiders
    survivors: Survivors
    tally: Tally

    def of_class(self, presence: Presence) -> Ints:
        """The rows that have a class, in the order of the record."""
        return np.flatnonzero(self.presence == presence)

    def with_flag(self, flag: Flag) -> Ints:
        """The rows that carry a flag, in the order of the record."""
        return np.flatnonzero(self.flags & flag.bit)


def reconcile(attempts: Attempts, reads: tuple[Survivors, ...], proved_ns: int | None) -> Reconciliation:
    """Compare what was promised with what the valid ``reads`` hold (at least one, oldest first).

    A write is found when every read that began after it ended holds it. The last read began after all of them.
    """
    seen = np.zeros(len(attempts.operations), dtype=np.uint8)
    flags = np.zeros(len(attempts.operations), dtype=np.uint8)
    outside: list[Rows] = []
    for number, read in enumerate(reads):
        counted = tally(attempts, read.entries)
        is_last = number == len(reads) - 1
        _note(seen, counted.found, None if is_last else _ended_before(attempts, read.circumstances.began_ns))
        flags[counted.doubled] |= Flag.DOUBLED.bit
        flags[counted.altered] |= Flag.ALTERED.bit
        outside.append(counted.outside)
    presence = np.zeros(len(attempts.operations), dtype=np.uint8)
    for part in attempts.parts():
        _classify(attempts, part, seen, presence, flags, proved_ns)
    return Reconciliation(presence, flags, _outsiders(attempts, outside), reads[-1], counted)


def _note(seen: Bytes, found: Bools, relevant: Bools | None) -> None:
    there = found if relevant is None else found & relevant
    gone = ~found if relevant is None else relevant & ~found
    seen[there & ((seen & _ABSENT) != 0)] |= _BACK
    seen[found] |= _ANY
    seen[gone] |= _ABSENT


def _ended_before(attempts: Attempts, began_ns: int) -> Bools:
    ended = np.zeros(len(attempts.operations), dtype=np.bool_)
    for part in attempts.parts():
        last_seen = np.maximum(part.time("done_ns"), np.maximum(part.time("sent_ns"), part.time("due_ns")))
        ended[part.rows] = last_seen < began_ns
    return ended


def _classify(
    attempts: Attempts, part: Part, seen: Bytes, presence: Bytes, flags: Bytes, proved_ns: int | None
) -> None:
    here = seen[part.rows]
    writes = attempts.is_write[part.rows] != 0
    outcome = part.outcome()
    acked, unknown = writes & (outcome == Outcome.ACKED), writes & (outcome == Outcome.UNKNOWN)
    declined = writes & ((outcome == Outcome.REFUSED) | (outcome == Outcome.UNSENT))
    is_there = (here & _ABSENT) == 0
    unfinished = unknown & ~is_there & _cut_short(attempts, part)
    classes = presence[part.rows]
    classes[acked] = np.where(is_there[acked], Presence.KEPT, Presence.LOST)
    classes[unknown] = np.where(is_there[unknown], Presence.RECOVERED, Presence.VANISHED)
    classes[unfinished] = Presence.IN_DOUBT
    classes[declined] = np.where((here[declined] & _ANY) != 0, Presence.GHOST, Presence.DECLINED)
    marks = flags[part.rows]
    marks[(acked | unknown) & ((here & _BACK) != 0)] |= Flag.RESURRECTED.bit
    if proved_ns is not None:
        marks[acked & ~is_there & (part.time("sent_ns") > proved_ns)] |= Flag.SPLIT_BRAIN.bit


def _cut_short(attempts: Attempts, part: Part) -> Bools:
    invoked = part.column("state") == State.INVOKED
    if not attempts.died or not invoked.any():
        return np.zeros(len(invoked), dtype=np.bool_)
    cut: Bools = invoked & np.isin(part.column("op_id") >> SEQUENCE_BITS, sorted(attempts.died))
    return cut


def _outsiders(attempts: Attempts, outside: list[Rows]) -> Outsiders:
    # The newest read comes first, because np.unique keeps the first it meets: each id counts once, as it stands now.
    moved = [_paise_by_id(rows) for rows in reversed(outside)]
    op_ids, newest = np.unique(np.concatenate([ids for ids, _ in moved]), return_index=True)
    presence = np.full(len(op_ids), Presence.STRANGER, dtype=np.uint8)
    for number in sorted(attempts.died):
        last_id = (number << SEQUENCE_BITS) + attempts.last_sequence.get(number, -1)
        presence[(op_ids > last_id) & (op_ids >> SEQUENCE_BITS == number)] = Presence.UNRECORDED
    return Outsiders(op_ids, presence, np.concatenate([paise for _, paise in moved])[newest])


def _paise_by_id(rows: Rows) -> tuple[Ints, Ints]:
    op_ids, place = np.unique(rows.op_ids, return_inverse=True)
    paise = np.zeros(len(op_ids), dtype=np.int64)
    np.add.at(paise, place, np.maximum(rows.amounts, 0))
    return op_ids, paise
