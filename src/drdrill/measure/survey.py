"""The first walk over the record: the index of attempts, its contradictions, and what lies farthest out in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from drdrill.measure.attempts import Attempts, Bools, Ints, Part, Runs
from drdrill.measure.clock import Clock
from drdrill.measure.punctuality import Lags, lag_us
from drdrill.measure.walk import walk
from drdrill.model.chain import chained
from drdrill.model.history import History, Recorder
from drdrill.model.mark import RECORDER_LOST
from drdrill.model.operation import SEQUENCE_BITS, Kind, Outcome, State


@dataclass(frozen=True)
class Survey:
    """What is known before the survivors are looked at. ``due_ns`` are the first and the last due time, or None."""

    attempts: Attempts
    used: int
    due_ns: tuple[int, int] | None
    last_sent_ns: int
    last_write_sent_ns: int
    lag_p99_ns: int | None


def survey(history: History, clock: Clock) -> Survey:
    """Index all attempts in one walk, and note every way in which the record contradicts itself."""
    operations = chained(history.operations)
    attempts = Attempts(
        operations, clock, np.zeros(len(operations), dtype=np.uint8), _died(history), {}, (), _no_runs()
    )
    runs, lags, looks = _Runs(), Lags(), []
    for look in walk(attempts.parts(), lambda part: _look(attempts, part, len(history.journeys))):
        runs.add(look)
        lags.add(look.lags)
        looks.append(look.summary)
    last = _newest(looks)
    known = runs.closed(len(operations))
    problems = _contradictions(history.recorders, last, sum(look.strange for look in looks), known)
    attempts = Attempts(operations, clock, attempts.is_write, attempts.died, last, tuple(problems), known)
    return _survey(attempts, looks, lags)


@dataclass(frozen=True)
class _Summary:
    """One part in a few numbers."""

    used: int
    strange: int
    last_sequence: Mapping[int, int]
    due_ns: tuple[int, int] | None
    last_sent_ns: int
    last_write_sent_ns: int


@dataclass(frozen=True)
class _Look:
    """One part: the rows where runs of ids begin in it, its lags, and its summary."""

    began: Ints
    ids_at_begin: Ints
    last_id: int
    lags: Lags
    summary: _Summary


def _look(attempts: Attempts, part: Part, journeys: int) -> _Look:
    op_ids, used, is_write = part.column("op_id"), part.used(), part.is_write()
    attempts.is_write[part.rows] = is_write
    began = np.flatnonzero(op_ids[1:] - op_ids[:-1] != 1) + 1
    began = np.concatenate((np.zeros(1, dtype=np.int64), began))
    everything = bool(used.all())
    due, sent = part.time("due_ns") if everything else part.time("due_ns")[used], part.time("sent_ns")
    lags = lag_us(part.column("sent_ns"), part.column("due_ns"))
    summary = _Summary(
        used=int(np.count_nonzero(used)),
        strange=_strange(part, used, journeys),
        last_sequence=_last_sequences(op_ids if everything else op_ids[used]),
        due_ns=(int(due.min()), int(due.max())) if len(due) else None,
        last_sent_ns=int(sent.max(initial=0)),
        last_write_sent_ns=int((sent * is_write).max(initial=0)),
    )
    return _Look(
        began + part.first, op_ids[began], int(op_ids[-1]), Lags.of(lags if everything else lags[used]), summary
    )


def _survey(attempts: Attempts, looks: list[_Summary], lags: Lags) -> Survey:
    spans = [look.due_ns for look in looks if look.due_ns is not None]
    return Survey(
        attempts=attempts,
        used=sum(look.used for look in looks),
        due_ns=(min(first for first, _ in spans), max(last for _, last in spans)) if spans else None,
        last_sent_ns=max((look.last_sent_ns for look in looks), default=0),
        last_write_sent_ns=max((look.last_write_sent_ns for look in looks), default=0),
        lag_p99_ns=lags.p99_ns(),
    )


class _Runs:
    """Runs of ids, as part after part comes in."""

    def __init__(self) -> None:
        self._ids = [np.zeros(0, dtype=np.int64)]
        self._rows = [np.zeros(0, dtype=np.int64)]
        self._next_id: int | None = None

    def add(self, look: _Look) -> None:
        """The runs that begin in a part; the one at its first row does so only if it does not go on from the last part."""
        skip = 1 if self._next_id is not None and int(look.ids_at_begin[0]) == self._next_id else 0
        self._ids.append(look.ids_at_begin[skip:])
        self._rows.append(look.began[skip:])
        self._next_id = look.last_id + 1

    def closed(self, length: int) -> Runs:
        ids, rows = np.concatenate(self._ids), np.concatenate(self._rows)
        lengths = np.diff(np.append(rows, length))
        order = np.argsort(ids, kind="stable")
        return Runs(ids[order], rows[order], lengths[order])


def _no_runs() -> Runs:
    nothing = np.zeros(0, dtype=np.int64)
    return Runs(nothing, nothing, nothing)


def _last_sequences(op_ids: Ints) -> dict[int, int]:
    """The newest sequence of each recorder among some ids."""
    if not len(op_ids):
        return {}
    newest = {}
    low, high = int(op_ids.min()) >> SEQUENCE_BITS, int(op_ids.max()) >> SEQUENCE_BITS
    numbers = [low] if low == high else np.unique(op_ids >> SEQUENCE_BITS).tolist()
    for number in numbers:
        mine = op_ids if len(numbers) == 1 else op_ids[op_ids >> SEQUENCE_BITS == number]
        newest[number] = int(mine.max()) & ((1 << SEQUENCE_BITS) - 1)
    return newest


def _newest(looks: list[_Summary]) -> dict[int, int]:
    last: dict[int, int] = {}
    for look in looks:
        for number, sequence in look.last_sequence.items():
            last[number] = max(sequence, last.get(number, -1))
    return last


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
    recorders: tuple[Recorder, ...], last: Mapping[int, int], strange: int, runs: Runs
) -> Iterator[str]:
    if strange:
        yield f"{strange} recorded operations hold values that no recorder writes"
    if np.any(runs.ids[1:] < runs.ids[:-1] + runs.lengths[:-1]):
        yield "the same operation id stands in the record more than once"
    for number in sorted(set(last) - {recorder.number for recorder in recorders}):
        yield f"there are operations of recorder {number}, which is not among the recorders"
