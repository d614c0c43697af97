"""Outages: runs of windows below the level, and what brackets the moment when each was over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from drdrill.measure.attempts import Bools, Ints
from drdrill.measure.windows import Windows


@dataclass(frozen=True)
class Outage:
    """One outage, as places in the journey's due order.

    ``first_bad`` and ``last_bad`` are its first and last operations that were not good. ``over`` is the first good
    operation of the good run (None: there was no good run), ``after`` the first good operation due after ``last_bad``.
    Where only a part of the requests fails, windows meet the level again before the last failure: then ``over`` comes
    before ``last_bad``, and the end of the outage is only known to come after ``before``, the last operation ahead of
    ``over`` that was not good. ``again`` is where the last of the runs that were merged into this one began.
    """

    first_bad: int
    last_bad: int
    over: int | None
    after: int | None
    before: int
    again: int

    @property
    def is_open(self) -> bool:
        """Whether the level was never seen to be met again."""
        return self.over is None or self.after is None


def runs_below(good: Bools, windows: Windows) -> tuple[Outage, ...]:
    """Every maximal run of windows below the level, not yet merged."""
    below = np.concatenate(([False], ~windows.met, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    if not len(edges):
        return ()
    bad, fine = np.flatnonzero(~good), np.flatnonzero(good)
    return tuple(_run(int(begin), int(end), windows, bad, fine) for begin, end in edges.reshape(-1, 2).tolist())


def _run(begin: int, end: int, windows: Windows, bad: Ints, fine: Ints) -> Outage:
    last_bad = int(bad[np.searchsorted(bad, int(windows.stop[end - 1])) - 1])
    first_bad = int(bad[np.searchsorted(bad, begin)])
    is_last = end == len(windows.met)
    over = None if is_last else _first_from(fine, end)
    return Outage(
        first_bad=first_bad,
        last_bad=last_bad,
        over=over,
        after=None if is_last else _first_from(fine, last_bad + 1),
        before=last_bad if over is None else _last_before(bad, over, first_bad),
        again=first_bad,
    )


def _first_from(places: Ints, since: int) -> int | None:
    found = int(np.searchsorted(places, since))
    return int(places[found]) if found < len(places) else None


def _last_before(places: Ints, until: int, at_least: int) -> int:
    found = int(np.searchsorted(places, until))
    return max(int(places[found - 1]), at_least) if found else at_least


def merge_flapping(runs: tuple[Outage, ...], due_ns: Ints, hold_ns: int) -> tuple[Outage, ...]:
    """Join runs that are closer together than the time for which a recovery must hold."""
    if not runs:
        return ()
    joined = [runs[0]]
    for before, run in pairwise(runs):
        if int(due_ns[run.first_bad]) - int(due_ns[before.last_bad]) < hold_ns:
            last_bad = max(joined[-1].last_bad, run.last_bad)
            joined[-1] = replace(run, first_bad=joined[-1].first_bad, last_bad=last_bad)
        else:
            joined.append(run)
    return tuple(joined)
