"""The operations of one journey in the order in which they were due: what windows and time series slide over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Bools, Bytes, Ints, Part
from drdrill.measure.goodness import GOOD, OUTCOME, STALE, told_of
from drdrill.measure.punctuality import Lags, lag_us, microseconds
from drdrill.measure.reconcile import Reconciliation
from drdrill.measure.walk import walk
from drdrill.model.drill import ServiceLevel


@dataclass(frozen=True)
class JourneyOperations:
    """Parallel arrays, sorted by ``due_ns``; ``rows`` lead back to the record, ``told`` is what goodness.py says.

    ``latency_us`` counts from being due to being done. ``lags`` are those of the operations that were due in the watch.
    """

    name: str
    kind: Literal["read", "write"]
    due_ns: Ints
    rows: npt.NDArray[np.uint32]
    told: Bytes
    latency_us: npt.NDArray[np.int32]
    lags: Lags

    def between(self, began_ns: int, ended_ns: int) -> JourneyOperations:
        """Those that were due from ``began_ns`` on and before ``ended_ns``."""
        low, high = np.searchsorted(self.due_ns, (began_ns, ended_ns))
        part = slice(int(low), int(high))
        return replace(
            self,
            due_ns=self.due_ns[part],
            rows=self.rows[part],
            told=self.told[part],
            latency_us=self.latency_us[part],
        )

    @property
    def good(self) -> Bools:
        """Where an operation was good."""
        good: Bools = (self.told & GOOD) != 0
        return good

    @property
    def outcome(self) -> Bytes:
        """What the client was promised."""
        return self.told & OUTCOME

    @property
    def stale(self) -> int:
        """How many reads saw less than was promised."""
        return int(np.count_nonzero(self.told & STALE))


@dataclass(frozen=True)
class _Piece:
    """What one part holds of one journey: due, row, told and latency of each, the lags of those watched, any write."""

    journey: int
    columns: tuple[npt.NDArray[Any], ...]
    lags: Lags
    writes: bool


@dataclass
class _Gathered:
    """What the parts hold of one journey, until it is put together."""

    columns: list[tuple[npt.NDArray[Any], ...]] = field(default_factory=list)
    lags: Lags = field(default_factory=Lags)
    writes: bool = False


class Journeys:
    """All operations by journey, gathered in one walk; each journey may be taken once, because it is then let go."""

    def __init__(
        self,
        attempts: Attempts,
        names: Sequence[str],
        level: ServiceLevel,
        found: Reconciliation | None,
        watch_ns: tuple[int, int] | None,
    ) -> None:
        self._names = names
        self._gathered = [_Gathered() for _ in names]
        for pieces in walk(attempts.parts(), lambda part: _split(part, attempts, len(names), level, found, watch_ns)):
            for piece in pieces:
                gathered = self._gathered[piece.journey]
                gathered.columns.append(piece.columns)
                gathered.lags.add(piece.lags)
                gathered.writes |= piece.writes

    def take(self, number: int) -> JourneyOperations | None:
        """The journey with this number in the order in which it was due, or None if it has no operation."""
        gathered, self._gathered[number] = self._gathered[number], _Gathered()
        if not gathered.columns:
            return None
        columns: list[npt.NDArray[Any]] = []
        while gathered.columns[0]:  # column by column, so that never all of them are held twice
            columns.append(np.concatenate([piece[0] for piece in gathered.columns]))
            gathered.columns = [piece[1:] for piece in gathered.columns]
        due = columns[0]
        if np.any(due[1:] < due[:-1]):
            # Each recorder's operations are nearly in order, and numpy's stable sort merges stretches that are.
            order = np.argsort(due, kind="stable").astype(np.uint32)
            for place, column in enumerate(columns):
                columns[place] = column.take(order)
        due, rows, told, latency_us = columns
        kind: Literal["read", "write"] = "write" if gathered.writes else "read"
        return JourneyOperations(self._names[number], kind, due, rows, told, latency_us, gathered.lags)


def _split(
    part: Part,
    attempts: Attempts,
    journeys: int,
    level: ServiceLevel,
    found: Reconciliation | None,
    watch_ns: tuple[int, int] | None,
) -> list[_Piece]:
    told = told_of(part, attempts, level, found)
    due, used, writes = part.time("due_ns"), part.used(), attempts.is_write[part.rows]
    latency_us = microseconds(part.column("done_ns") - part.column("due_ns"))
    lags_us = lag_us(part.column("sent_ns"), part.column("due_ns"))
    watched = np.ones(len(due), dtype=np.bool_) if watch_ns is None else (due >= watch_ns[0]) & (due < watch_ns[1])
    pieces = []
    for number in range(journeys):
        mine = np.flatnonzero(used & (part.column("journey") == number))
        if len(mine):
            rows = (mine + part.first).astype(np.uint32)
            columns = (due.take(mine), rows, told.take(mine), latency_us.take(mine))
            seen = Lags.of(lags_us[mine[watched.take(mine)]])
            pieces.append(_Piece(number, columns, seen, bool(writes.take(mine).any())))
    return pieces
