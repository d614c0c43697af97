"""Reconciliation: exactly one presence class for every id, attempted or found, and the flags it carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drdrill.measure.attempts import Attempts, Bools, Bytes, Ints, Part
from drdrill.measure.presence import Flag, Presence
from drdrill.measure.tally import Rows, Tally, tally
from drdrill.measure.walk import walk
from drdrill.model.history import NOBODY
from drdrill.model.operation import SEQUENCE_BITS, Outcome, State
from drdrill.model.survivors import Survivors

_ANY, _ABSENT, _BACK = 1, 2, 4
_MAY_BE_MISSED = (Presence.KEPT, Presence.LOST, Presence.RECOVERED, Presence.VANISHED, Presence.IN_DOUBT)


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

    def classify(part: Part) -> None:
        presence[part.rows] = _classes(attempts, part, seen[part.rows])
        flags[part.rows] |= _marks(part, seen[part.rows], presence[part.rows], proved_ns)

    for _ in walk(attempts.parts(), classify):
        pass
    return Reconciliation(presence, flags, _outsiders(attempts, outside), reads[-1], counted)


def _note(seen: Bytes, found: Bools, relevant: Bools | None) -> None:
    if relevant is None and not seen.any():  # one read, as nearly always
        np.multiply(found.view(np.uint8), np.uint8(_ANY | _ABSENT), out=seen)
        seen ^= np.uint8(_ABSENT)
        return
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


def _table() -> Bytes:
    """Docs/measuring.md, section 4, as a table: the class for each outcome, and what the reads held."""
    table = np.zeros((len(Outcome), _ANY + _ABSENT + 1), dtype=np.uint8)
    for here in range(_ANY + _ABSENT + 1):
        is_there, was_ever_there = (here & _ABSENT) == 0, (here & _ANY) != 0
        table[Outcome.ACKED, here] = Presence.KEPT if is_there else Presence.LOST
        table[Outcome.UNKNOWN, here] = Presence.RECOVERED if is_there else Presence.VANISHED
        table[[Outcome.REFUSED, Outcome.UNSENT], here] = Presence.GHOST if was_ever_there else Presence.DECLINED
    return table.reshape(-1)


_PRESENCE = _table()


def _classes(attempts: Attempts, part: Part, here: Bytes) -> Bytes:
    """The class of each write of a part; rows that hold a word that no recorder writes have none."""
    outcome, writes = part.outcome(), attempts.is_write[part.rows]
    classes = _PRESENCE.take(outcome << 2 | here & (_ANY | _ABSENT), mode="clip") * writes
    if outcome.max(initial=0) > max(Outcome):
        classes[outcome > max(Outcome)] = Presence.NONE
    if attempts.died:
        classes[(classes == Presence.VANISHED) & _cut_short(attempts, part)] = Presence.IN_DOUBT
    return classes


def _marks(part: Part, here: Bytes, presence: Bytes, proved_ns: int | None) -> Bytes:
    """Resurrected: promised or uncertain, and back. Split brain: acked and lost, sent after the disaster had bitten."""
    marks = np.zeros(len(here), dtype=np.uint8)
    if (here & _BACK).any():
        marks[((here & _BACK) != 0) & np.isin(presence, _MAY_BE_MISSED)] |= Flag.RESURRECTED.bit
    lost = presence == Presence.LOST
    if proved_ns is not None and lost.any():
        marks[lost & (part.time("sent_ns") > proved_ns)] |= Flag.SPLIT_BRAIN.bit
    return marks


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
    presence[_in_gaps(attempts, op_ids)] = Presence.UNRECORDED
    return Outsiders(op_ids, presence, np.concatenate([paise for _, paise in moved])[newest])


def _in_gaps(attempts: Attempts, op_ids: Ints) -> Bools:
    """Where an id was found that a damaged slot may have held, or a record of which nobody can say whose it was."""
    rows = attempts.rows_of(op_ids)
    inside = rows >= 0
    gaps = np.zeros(len(op_ids), dtype=np.bool_)
    gaps[inside] = ~attempts.slots(rows[inside]).used()
    if NOBODY in attempts.died:
        gaps |= ~inside & ~np.isin(op_ids >> SEQUENCE_BITS, sorted(attempts.last_sequence))
    return gaps


def _paise_by_id(rows: Rows) -> tuple[Ints, Ints]:
    op_ids, place = np.unique(rows.op_ids, return_inverse=True)
    paise = np.zeros(len(op_ids), dtype=np.int64)
    np.add.at(paise, place, np.maximum(rows.amounts, 0))
    return op_ids, paise
