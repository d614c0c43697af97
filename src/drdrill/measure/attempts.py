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
from drdrill.model.history import History, Recorder
from drdrill.model.mark import RECORDER_LOST
from drdrill.model.operation import SEQUENCE_BITS, Kind, Operations, Outcome, State

PART = 1 << 18
"""Operations that are looked at together: 16 MiB of records."""

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """Some operations in a row: ``first`` is the row of the first; times are on the drill's clock."""

    first: int
    operations: Operations
    offsets_ns: Mapping[int, int]

    @property
    def rows(self) -> slice:
        """Where these operations stand among all."""
        return slice(self.first, self.first + len(self.operations))

    def column(self, name: str) -> npt.NDArray[Any]:
        """One field of these operations, as it was recorded."""
        return np.ascontiguousarray(self.operations[name])

    def outcome(self) -> Bytes:
        """What the client was promised. A completion cut off halfway is no promise: the state is written last."""
        completed = self.operations["state"] == State.COMPLETED
        return np.where(completed, self.operations["outcome"], np.uint8(Outcome.UNKNOWN))

    def time(self, name: str) -> Ints:
        """One of the times, on the drill's clock; 0 stays 0 (it did not happen)."""
        times: Ints = np.array(self.operations[name], dtype=np.int64)
        return shifted(times, self.operations["op_id"], self.offsets_ns) if self.offsets_ns else times


@dataclass(frozen=True)
class Attempts:
    """All operations and the index into them. ``is_write`` is 1 where a row is an attempt to move money."""

    operations: Operations
    clock: Clock
    is_write: Bytes
    died: frozenset[int]
    last_sequence: Mapping[int, int]
    problems: tuple[str, ...]
    run_ids: Ints
    run_rows: Ints
    run_lengths: Ints

    def parts(self) -> Iterator[Part]:
        """All operations, some at a time, in the order of the record."""
        for first in range(0, len(self.operations), PART):
            yield Part(first, self.operations[first : first + PART], self.clock.offsets_ns)

    def rows_of(self, op_ids: Ints) -> Ints:
        """The row of each id; -1 where no recorder has a slot for it."""
        if not len(self.run_ids):
            return np.full(len(op_ids), -1, dtype=np.int64)
        run = np.searchsorted(self.run_ids, op_ids, side="right") - 1
        within = op_ids - self.run_ids[run]
        known = (run >= 0) & (within < self.run_lengths[run])
        return np.where(known, self.run_rows[run] + within, -1)

    def time_at(self, name: str, rows: npt.NDArray[Any]) -> Ints:
        """One of the times at some rows, on the drill's clock."""
        times: Ints = self.operations[name][rows].astype(np.int64)
        if not self.clock.offsets_ns:
            return times
        return shifted(times, self.operations["op_id"][rows], self.clock.offsets_ns)

    def ids_at(self, rows: npt.NDArray[Any]) -> tuple[int, ...]:
        """The operation ids at some rows."""
        return tuple(int(identity) for identity in self.operations["op_id"][rows])


def shifted(times: Ints, op_ids: npt.NDArray[Any], offsets_ns: Mapping[int, int]) -> Ints:
    """Times moved to the drill's clock, recorder by recorder; 0 stays 0."""
    recorder = op_ids >> SEQUENCE_BITS
    for number, offset_ns in offsets_ns.items():
        times[(recorder == number) & (times != 0)] += offset_ns
    return times


def index_attempts(history: History, clock: Clock) -> Attempts:
    """Build the index in one walk, and note every way in which the record contradicts itself."""
    # A memory-mapped record is a plain array that the system fills: numpy is slower with its own class for it.
    operations = np.asarray(history.operations)
    is_write = np.zeros(len(operations), dtype=np.uint8)
    runs = _Runs()
    last: dict[int, int] = {}
    strange = 0
    for first in range(0, len(operations), PART):
        part = Part(first, operations[first : first + PART], {})
        op_ids, state = part.column("op_id"), part.column("state")
        runs.add(first, op_ids)
        used = state != State.EMPTY
        is_write[part.rows] = used & (part.column("kind") == Kind.WRITE)
        _note_last(last, op_ids[used])
        strange += _strange(part, used, len(history.journeys))
    run_ids, run_rows, run_lengths = runs.closed()
    problems = _contradictions(history.recorders, last, strange, run_ids, run_lengths)
    return Attempts(operations, clock, is_write, _died(history), last, tuple(problems), run_ids, run_rows, run_lengths)


class _Runs:
    """Stretches of rows whose ids follow one another; one per recorder when nothing is amiss."""

    def __init__(self) -> None:
        self._ids: list[Ints] = []
        self._rows: list[Ints] = []
        self._previous: int | None = None
        self._length = 0

    def add(self, first: int, op_ids: npt.NDArray[Any]) -> None:
        begins = np.flatnonzero(np.diff(op_ids) != 1) + 1
        if len(op_ids) and (self._previous is None or int(op_ids[0]) != self._previous + 1):
            begins = np.concatenate((np.zeros(1, dtype=np.int64), begins))
        self._ids.append(op_ids[begins])
        self._rows.append(begins + first)
        self._previous = int(op_ids[-1]) if len(op_ids) else self._previous
        self._length += len(op_ids)

    def closed(self) -> tuple[Ints, Ints, Ints]:
        if not self._ids:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing, nothing
        ids, rows = np.concatenate(self._ids), np.concatenate(self._rows)
        lengths = np.diff(np.append(rows, self._length))
        order = np.argsort(ids, kind="stable")
        return ids[order], rows[order], lengths[order]


def _note_last(last: dict[int, int], op_ids: npt.NDArray[Any]) -> None:
    if not len(op_ids):
        return
    recorder = op_ids >> SEQUENCE_BITS
    numbers = [int(recorder[0])] if (recorder == recorder[0]).all() else np.unique(recorder).tolist()
    for number in numbers:
        newest = int(op_ids[recorder == number].max()) & ((1 << SEQUENCE_BITS) - 1)
        last[number] = max(newest, last.get(number, -1))


def _strange(part: Part, used: Bools, journeys: int) -> int:
    unknown_words = (
        (part.column("journey") >= journeys)
        | (part.column("kind") > max(Kind))
        | (part.column("outcome") > max(Outcome))
        | (part.column("state") > max(State))
    )
    return int(np.count_nonzero(used & unknown_words))


def _died(history: History) -> frozenset[int]:
    unclosed = {recorder.number for recorder in history.recorders if not recorder.closed}
    lost = {mark.detail.get("recorder") for mark in history.marks if mark.name == RECORDER_LOST}
    return frozenset(unclosed | {number for number in lost if isinstance(number, int)})


def _contradictions(
    recorders: tuple[Recorder, ...], last: Mapping[int, int], strange: int, run_ids: Ints, run_lengths: Ints
) -> Iterator[str]:
    if strange:
        yield f"{strange} recorded operations hold values that no recorder writes"
    if np.any(run_ids[1:] < run_ids[:-1] + run_lengths[:-1]):
        yield "the same operation id stands in the record more than once"
    for number in sorted(set(last) - {recorder.number for recorder in recorders}):
        yield f"there are operations of recorder {number}, which is not among the recorders"
