"""Every operation that was attempted, found by its id without hashing: ids are dense, so looking up is indexing.

Operations are walked in parts that fit a processor's cache; whole columns are never copied, because a history of a
hundred million operations must be judged in less memory than it fills.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure.clock import Clock
from drdrill.measure.walk import PART
from drdrill.model.chain import Chain
from drdrill.model.operation import SEQUENCE_BITS, Kind, Operations, State

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

_FEW_RUNS = 4
_WRITTEN = np.uint8(State.COMPLETED)


class Part:
    """Some operations in a row: ``first`` is the row of the first. A field is taken out of the record once."""

    def __init__(self, first: int, operations: Operations, offsets_ns: Mapping[int, int]) -> None:
        self.first = first
        self.operations = operations
        self.rows = slice(first, first + len(operations))
        self._offsets_ns = offsets_ns
        self._columns: dict[str, npt.NDArray[Any]] = {}

    def column(self, name: str) -> npt.NDArray[Any]:
        """One field of these operations, as it was recorded. Not to be written to."""
        if name not in self._columns:
            self._columns[name] = np.ascontiguousarray(self.operations[name])
        return self._columns[name]

    def outcome(self) -> Bytes:
        """What the client was promised. A completion cut off halfway is no promise: the state is written last."""
        # UNKNOWN is 0.
        outcome: Bytes = self.column("outcome") * (self.column("state") == _WRITTEN)
        return outcome

    def used(self) -> Bools:
        """Where a slot holds an operation at all."""
        used: Bools = self.column("state") != State.EMPTY
        return used

    def is_write(self) -> Bools:
        """Where an operation is an attempt to move money."""
        writes: Bools = self.used() & (self.column("kind") == Kind.WRITE)
        return writes

    def time(self, name: str) -> Ints:
        """One of the times, on the drill's clock; 0 stays 0 (it did not happen). Not to be written to."""
        if not self._offsets_ns:
            return self.column(name)
        return shifted(self.column(name).copy(), self.column("op_id"), self._offsets_ns)


@dataclass(frozen=True)
class Runs:
    """Stretches of rows whose ids follow one another; one for each recorder when nothing is amiss. By id, ascending."""

    ids: Ints
    rows: Ints
    lengths: Ints

    def rows_of(self, op_ids: Ints) -> Ints:
        """The row of each id; -1 where no recorder has a slot for it."""
        if len(self.ids) > _FEW_RUNS:
            run = np.searchsorted(self.ids, op_ids, side="right") - 1
            within = op_ids - self.ids[run]
            known = (run >= 0) & (within < self.lengths[run])
            return np.where(known, self.rows[run] + within, -1)
        found = np.full(len(op_ids), -1, dtype=np.int64)
        for first, row, length in zip(self.ids, self.rows, self.lengths, strict=True):
            known = (op_ids >= first) & (op_ids < first + length)
            if known.all():
                return op_ids + int(row - first)
            np.copyto(found, op_ids + (row - first), where=known)
        return found


@dataclass(frozen=True)
class Attempts:
    """All operations and the index into them. ``is_write`` is 1 where a row is an attempt to move money."""

    operations: Chain
    clock: Clock
    is_write: Bytes
    died: frozenset[int]
    last_sequence: Mapping[int, int]
    problems: tuple[str, ...]
    runs: Runs

    def parts(self) -> Iterator[Part]:
        """All operations, some at a time, in the order of the record."""
        for first, operations in self.operations.parts(PART):
            yield Part(first, operations, self.clock.offsets_ns)

    def slots(self, rows: npt.NDArray[Any]) -> Part:
        """The operations at some rows, each visited once."""
        return Part(0, self.operations.take(rows), self.clock.offsets_ns)

    def rows_of(self, op_ids: Ints) -> Ints:
        """The row of each id; -1 where no recorder has a slot for it."""
        return self.runs.rows_of(op_ids)

    def writes_of(self, op_ids: Ints) -> Ints:
        """The row of the write with each id; -1 where no write with it was attempted."""
        rows = self.rows_of(op_ids)
        if len(self.is_write):
            rows[self.is_write.take(rows) == 0] = -1
        return rows

    def time_at(self, name: str, rows: npt.NDArray[Any]) -> Ints:
        """One of the times at some rows, on the drill's clock."""
        return self.slots(rows).time(name)

    def ids_at(self, rows: npt.NDArray[Any]) -> tuple[int, ...]:
        """The operation ids at some rows."""
        return tuple(int(identity) for identity in self.operations.take(np.asarray(rows))["op_id"])


def shifted(times: Ints, op_ids: npt.NDArray[Any], offsets_ns: Mapping[int, int]) -> Ints:
    """Times moved to the drill's clock, recorder by recorder, in place; 0 stays 0."""
    recorder = op_ids >> SEQUENCE_BITS
    for number, offset_ns in offsets_ns.items():
        times[(recorder == number) & (times != 0)] += offset_ns
    return times
