"""The operations of one journey in the order in which they were due: what windows and time series slide over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from drdrill.measure.attempts import Attempts, Bytes, Ints, Part
from drdrill.measure.presence import Flag
from drdrill.measure.punctuality import lag_us, microseconds
from drdrill.model.operation import State

_COLUMNS = ("due_ns", "rows", "good", "outcome", "flags", "latency_us", "lag_us")


@dataclass(frozen=True)
class JourneyOperations:
    """Parallel arrays, sorted by ``due_ns``; ``rows`` lead back to the record.

    ``latency_us`` counts from being due to being done, ``lag_us`` from being due to being sent (-1: never sent).
    """

    name: str
    kind: Literal["read", "write"]
    due_ns: Ints
    rows: npt.NDArray[np.uint32]
    good: Bytes
    outcome: Bytes
    flags: Bytes
    latency_us: npt.NDArray[np.int32]
    lag_us: npt.NDArray[np.int32]

    def between(self, began_ns: int, ended_ns: int) -> JourneyOperations:
        """Those that were due from ``began_ns`` on and before ``ended_ns``."""
        low, high = np.searchsorted(self.due_ns, (began_ns, ended_ns))
        part = slice(int(low), int(high))
        return JourneyOperations(self.name, self.kind, *(getattr(self, column)[part] for column in _COLUMNS))

    @property
    def stale(self) -> int:
        """How many reads saw less than was promised."""
        return int(np.count_nonzero(self.flags & Flag.STALE.bit))


def journey_operations(
    attempts: Attempts, number: int, name: str, good: Bytes, flags: Bytes | None
) -> JourneyOperations | None:
    """All operations of the journey with this number, or None if it has none. ``flags`` None: nothing was read back."""
    parts = [
        _columns(attempts, part, mine, good, flags)
        for part in attempts.parts()
        if len(mine := np.flatnonzero((part.column("journey") == number) & (part.column("state") != State.EMPTY)))
    ]
    if not parts:
        return None
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    del parts
    due = columns[0]
    if np.any(due[1:] < due[:-1]):
        # Each recorder's operations are nearly in order, and numpy's stable sort merges stretches that are.
        order = np.argsort(due, kind="stable")
        for place, column in enumerate(columns):
            columns[place] = column[order]
    writes = any(attempts.is_write[part.rows][part.column("journey") == number].any() for part in attempts.parts())
    return JourneyOperations(name, "write" if writes else "read", *columns)


def _columns(
    attempts: Attempts, part: Part, mine: Ints, good: Bytes, flags: Bytes | None
) -> tuple[npt.NDArray[Any], ...]:
    due, done, sent = (part.column(name)[mine] for name in ("due_ns", "done_ns", "sent_ns"))
    return (
        part.time("due_ns")[mine] if attempts.clock.offsets_ns else due,
        (mine + part.first).astype(np.uint32),
        good[part.rows][mine],
        part.outcome()[mine],
        np.zeros(len(mine), dtype=np.uint8) if flags is None else flags[part.rows][mine],
        microseconds(done - due),
        lag_us(sent, due),
    )
