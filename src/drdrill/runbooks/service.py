"""How well each journey is served right now, read from the running traffic's own record.

This is live observation, to know when to go on. It judges nothing: the verdict comes later, from the closed history.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.model.drill import ServiceLevel
from drdrill.model.frozen import Frozen
from drdrill.model.operation import Outcome
from drdrill.record.operations import read_operations


class Served(Frozen):
    """One journey over its newest operations: how many were due, how many of them were bad."""

    journey: str
    due: int
    bad: int
    met: bool

    @property
    def clean(self) -> bool:
        """Whether it is met without a single bad operation: what few operations must show, for one of four is no 99 %."""
        return self.met and self.bad == 0

    def __str__(self) -> str:
        return f"{self.journey}: {self.bad} of {self.due} bad"


def served_now(
    folder: Path, journeys: tuple[str, ...], level: ServiceLevel, *, now_ns: int, since_ns: int = 0
) -> tuple[Served, ...]:
    """Each journey's newest operations, due after ``since_ns`` and long enough ago to be late if they are not answered.

    A journey without an operation is not served: nothing seen is not good.
    """
    tables = [(table, names) for table, names in (_table(path) for path in sorted(folder.glob("*.ops"))) if len(table)]
    until_ns = now_ns - int(level.latency_s * 1e9)
    return tuple(_served(journey, tables, level, since_ns, until_ns) for journey in journeys)


def _table(path: Path) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    table, _recorder, journeys, _regions, _problems = read_operations(path)
    return table, tuple(journeys)


def _served(
    journey: str,
    tables: list[tuple[npt.NDArray[Any], tuple[str, ...]]],
    level: ServiceLevel,
    since_ns: int,
    until_ns: int,
) -> Served:
    parts = [table[table["journey"] == names.index(journey)] for table, names in tables if journey in names]
    found = np.concatenate(parts) if parts else np.zeros(0, dtype=[("due_ns", "<i8")])
    found = found[(found["due_ns"] > since_ns) & (found["due_ns"] <= until_ns)]
    if not len(found):
        return Served(journey=journey, due=0, bad=0, met=False)
    # The judge's window: W long, or as long as it takes to hold enough operations for the share to mean something.
    needed = math.ceil(1 / (1 - level.good_share) - 1e-9)
    found = np.sort(found, order="due_ns")
    in_window = int(np.count_nonzero(found["due_ns"] > until_ns - int(level.window_s * 1e9)))
    newest = found[-max(in_window, needed) :]
    good = (newest["outcome"] == Outcome.ACKED) & (newest["done_ns"] - newest["due_ns"] <= int(level.latency_s * 1e9))
    bad = int(len(newest) - np.count_nonzero(good))
    fresh = in_window > 0 or len(found) < needed
    allowed = (1 - level.good_share) * max(len(newest), needed) + 1e-9
    return Served(journey=journey, due=len(newest), bad=bad, met=fresh and bad <= allowed)
