"""Benches of several kinds side by side, as ``drdrill calibrate`` runs them, but kept, to be judged again by other instruments."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drdrill.calibration.kinds import OutageKind
from drdrill.calibration.outage_bench import BenchRun, run_bench
from drdrill.calibration.outage_trials import Instrument
from drdrill.model.calibration import Trial
from drdrill.model.history import History

LATE_NS = 60_000_000
SHIFT_NS = 100_000_000
LATE_ANSWER_NS = 400_000_000


def run_benches(kinds: Sequence[OutageKind], root: Path, repetitions: int, lanes: int = 4) -> list[BenchRun]:
    def one(kind: OutageKind) -> BenchRun:
        home = root / kind.name
        home.mkdir(parents=True)
        return run_bench(kind, home, repetitions, 5, lambda: None)

    with ThreadPoolExecutor(lanes) as pool:
        return list(pool.map(one, kinds))


def undisturbed(trials: Sequence[Trial]) -> list[Trial]:
    """The same, as a machine would give them that is never late: then nothing excuses an instrument."""
    return [trial.model_copy(update={"disturbed": None}) for trial in trials]


def stamps_late(history: History) -> History:
    """An instrument whose completions are stamped 60 ms too late."""
    operations = history.operations.copy()
    operations["done_ns"][operations["done_ns"] != 0] += LATE_NS
    return dataclasses.replace(history, operations=operations)


def clock_ahead(history: History) -> History:
    """A judge whose marks come from a clock that is 100 ms ahead of the recorders'."""
    marks = tuple(mark.model_copy(update={"at_ns": mark.at_ns + SHIFT_NS}) for mark in history.marks)
    return dataclasses.replace(history, marks=marks)


def clock_behind(history: History) -> History:
    """The same the other way."""
    marks = tuple(mark.model_copy(update={"at_ns": mark.at_ns - SHIFT_NS}) for mark in history.marks)
    return dataclasses.replace(history, marks=marks)


def deaf(history: History) -> History:
    """An instrument that takes every failure, and every late answer, for a prompt promise: it sees no outage."""
    operations = history.operations.copy()
    failed = (operations["outcome"] != 1) | (operations["done_ns"] - operations["due_ns"] > LATE_ANSWER_NS)
    operations["outcome"][failed], operations["kind"][failed], operations["seen_seq"][failed] = 1, 0, 1 << 60
    operations["done_ns"][failed] = operations["sent_ns"][failed] + 1_000_000
    return dataclasses.replace(history, operations=operations)


WRONG: dict[str, Instrument] = {
    "completions are stamped 60 ms late": stamps_late,
    "the judge's clock is 100 ms ahead": clock_ahead,
    "the judge's clock is 100 ms behind": clock_behind,
    "failures are taken for promises": deaf,
}
