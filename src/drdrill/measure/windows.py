"""Windows that slide over the due times of a journey, and which of them met the service level."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from drdrill.measure.attempts import Bools, Ints
from drdrill.measure.walk import PART, walk
from drdrill.model.drill import ServiceLevel

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Windows:
    """One window per due operation, as long as one can be evaluated: ``met[i]`` begins at operation ``i`` and holds
    the operations up to ``stop[i]``, that one not included."""

    met: Bools
    stop: Ints


def operations_needed(good_share: float) -> int:
    """How many operations a window must hold before one failure may be forgiven: ``ceil(1 / (1 - S))``."""
    # 1 / (1 - 0.9) is 10.000000000000002: without the allowance it would ask for 11.
    return ceil(1 / (1 - good_share) - 1e-6)


def slide(due_ns: Ints, good: Bools, level: ServiceLevel, ended_ns: int) -> Windows:
    """Every evaluable window over the operations due before ``ended_ns`` (they are in due order).

    Windows that would reach beyond ``ended_ns``, or that hold too few operations, are not evaluable; they are always
    the last ones.
    """
    count, need = len(due_ns), operations_needed(level.good_share)
    window_ns = round(level.window_s * 1e9)
    evaluable = min(int(np.searchsorted(due_ns, ended_ns - window_ns, side="right")), max(count - need + 1, 0))
    good_before = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(good, dtype=np.int64)))
    met, stop = np.zeros(evaluable, dtype=np.bool_), np.zeros(evaluable, dtype=np.int64)

    def look(first: int) -> None:
        begin = np.arange(first, min(first + PART, evaluable))
        end = np.maximum(np.searchsorted(due_ns, due_ns[begin] + window_ns, side="left"), begin + need)
        held = end - begin
        met[begin] = good_before[end] - good_before[begin] + held * _ROUNDING >= held * level.good_share
        stop[begin] = end

    for _ in walk(range(0, evaluable, PART), look):
        pass
    return Windows(met, stop)
