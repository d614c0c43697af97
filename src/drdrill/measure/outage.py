"""Outages: runs of windows below the level, and what brackets the moment when each was over."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from drdrill.measure.attempts import Bytes, Ints
from drdrill.measure.windows import Windows


@dataclass(frozen=True)
class Outage:
    """One outage, as places in the journey's due order.

    ``first_bad`` and ``last_bad`` are its first and last operations that were not good. ``over`` is the first good
    operation of the good run (None: there was no good run), ``after`` the first good operation due after ``last_bad``.
    Where only a part of the requests fails, windows meet the level again before the last failure: then ``over`` comes
    before ``last_bad``, and the end of the outage is only known to lie between the two.
    """

    first_bad: int
    last_bad: int
    over: int | None
    after: int | None

    @property
    def is_open(self) -> bool:
        """Whether the level was never seen to be met again."""
        return self.over is None or self.after is None


def runs_below(good: Bytes, windows: Windows) -> tuple[Outage, ...]:
    """Every maximal run of windows below the level, not yet merged."""
    below = np.concatenate(([False], ~windows.met, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    if not len(edges):
        return ()
    bad, fine = np.flatnonzero(good == 0), np.flatnonzero(good)
    return tuple(_run(int(begin), int(end), windows, bad, fine) for begin, end in edges.reshape(-1, 2).tolist())


def _run(begin: int, end: int, windows: Windows, bad: Ints, fine: Ints) -> Outage:
    last_bad = int(bad[np.searchsorted(bad, int(windows.stop[end - 1])) - 1])
    is_last = end == len(windows.met)
    return Outage(
        first_bad=int(bad[np.searchsorted(bad, begin)]),
        last_bad=last_bad,
        over=None if is_last else _first_from(fine, end),
        after=None if is_last else _first_from(fine, last_bad + 1),
    )


def _first_from(places: Ints, since: int) -> int | None:
    found = int(np.searchsorted(places, since))
    return int(places[found]) if found < len(places) else None


def merge_flapping(runs: tuple[Outage, ...], due_ns: Ints, hold_ns: int) -> tuple[Outage, ...]:
    """Join runs that are closer together than the time for which a recovery must hold."""
    if not runs:
        return ()
    joined = [runs[0]]
    for before, run in pairwise(runs):
        if int(due_ns[run.first_bad]) - int(due_ns[before.last_bad]) < hold_ns:
            joined[-1] = Outage(joined[-1].first_bad, max(joined[-1].last_bad, run.last_bad), run.over, run.after)
        else:
            joined.append(run)
    return tuple(joined)
