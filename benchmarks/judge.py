"""How fast a history is judged: 1 and 10 million operations (100 with ``--hundred``), against two baselines.

    python benchmarks/judge.py [--hundred] [--scratch DIR]

The baselines are a bare scan (every column that the judge needs is read once, and nothing is decided) and, at 1 million,
the same presence classes by plain Python sets. Ratios count, not seconds: machines differ. The big records live in
memory-mapped files under ``--scratch`` (13 GB for 100 million), as they do when a drill is judged from its evidence.
Nothing is asserted here.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.history import History, Recorder
from drdrill.model.mark import FAULT_HEALED, FAULT_PROVED, FAULT_REQUESTED, TRAFFIC_STOPPED, Mark
from drdrill.model.operation import OPERATION, SEQUENCE_BITS, Kind, Outcome, State
from drdrill.model.survivors import ACCOUNT, ENTRY, Survivors

MILLION = 1_000_000
ACCOUNTS = 10_000
LENGTH_NS = 300_000_000_000
OUTAGE_NS = (100_000_000_000, 130_000_000_000)
JOURNEYS = ("balance", "transfer", "statement")
MIX = np.array([0] * 9 + [1] * 9 + [2] * 2, dtype=np.uint8)
OPENING_PAISE = 1 << 50
BUILT_TOGETHER = 1 << 22
OPERATION_COLUMNS = ("op_id", "journey", "kind", "state", "outcome", "amount_paise", "due_ns", "sent_ns", "done_ns")
ENTRY_COLUMNS = ("op_id", "account", "amount_paise", "seq")


@dataclass(frozen=True)
class Place:
    """Where big arrays live: in files under ``folder``."""

    folder: Path

    def array(self, name: str, length: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """A new memory-mapped array."""
        return np.memmap(self.folder / name, dtype=dtype, mode="w+", shape=(length,))


def build(number: int, place: Place) -> History:
    """A history of ``number`` operations by two recorders: 30 s of outage, and the last writes before it lost."""
    operations = place.array(f"operations-{number}", number, OPERATION)
    first_count = number // 5
    _record(operations[:first_count], 1)
    _record(operations[first_count:], 2)
    entries, accounts = _books(operations, place, number)
    told = story("1+ | fault 100..100.05", survivors="1")
    read = told.survivors[0].circumstances
    late = 1_000_000_000_000
    circumstances = read.model_copy(
        update={"began_ns": late, "ended_ns": late + 1, "writers_stopped_ns": late - 2, "last_deadline_ns": late - 1}
    )
    recorders = tuple(
        Recorder(number=which, name=f"recorder-{which}", closed=True, attempted=attempted)
        for which, attempted in ((1, first_count), (2, number - first_count))
    )
    return replace(
        told,
        drill=told.drill.model_copy(update={"traffic": told.drill.traffic.model_copy(update={"journeys": {}})}),
        journeys=JOURNEYS,
        recorders=recorders,
        operations=operations,
        marks=(*_marks(told.drill.disaster), *(mark for mark in told.marks if mark.name.startswith("activity."))),
        survivors=(Survivors(circumstances, entries, accounts),),
    )


def _marks(fault: str) -> tuple[Mark, ...]:
    began, ended = OUTAGE_NS[0], LENGTH_NS
    return (
        Mark(name=FAULT_REQUESTED, at_ns=began, source="benchmark", detail={"fault": fault}),
        Mark(name=FAULT_PROVED, at_ns=began + 50_000_000, source="benchmark", detail={"fault": fault}),
        Mark(name=TRAFFIC_STOPPED, at_ns=ended, source="benchmark"),
        Mark(name=FAULT_HEALED, at_ns=ended + 1, source="benchmark", detail={"fault": fault}),
    )


def _record(operations: npt.NDArray[Any], recorder: int) -> None:
    total = len(operations)
    for first in range(0, total, BUILT_TOGETHER):
        part = operations[first : first + BUILT_TOGETHER]
        sequence = np.arange(first, first + len(part), dtype=np.int64)
        due = 1 + recorder + sequence * LENGTH_NS // total
        is_down = (due >= OUTAGE_NS[0]) & (due < OUTAGE_NS[1])
        journey = MIX[sequence % len(MIX)]
        is_write = journey == 1
        part["op_id"] = (recorder << SEQUENCE_BITS) | sequence
        part["journey"], part["kind"] = journey, np.where(is_write, Kind.WRITE, Kind.READ)
        part["state"], part["region"] = State.COMPLETED, 1
        part["outcome"] = np.where(is_down, Outcome.UNKNOWN, Outcome.ACKED)
        part["amount_paise"] = np.where(is_write, 100 + sequence % 900, 0)
        part["debit"] = sequence * 7919 % ACCOUNTS
        part["credit"] = np.where(is_write, (part["debit"] + 1 + sequence % 17) % ACCOUNTS, -1)
        part["due_ns"], part["sent_ns"] = due, due + 200_000
        part["done_ns"] = due + np.where(is_down, 2_000_000_000, 1_000_000 + sequence * 7919 % 9_000_000)
        part["seen_seq"] = np.where(is_write, -1, 1 << 40)


def _books(operations: npt.NDArray[Any], place: Place, number: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    lost_from = OUTAGE_NS[0] - 500_000_000
    is_kept = (operations["journey"] == 1) & (operations["outcome"] == Outcome.ACKED)
    is_kept &= (operations["due_ns"] < lost_from) | (operations["due_ns"] >= OUTAGE_NS[1])
    rows = np.flatnonzero(is_kept)
    rows = rows[np.argsort(operations["due_ns"][rows], kind="stable")]
    entries = place.array(f"entries-{number}", 2 * len(rows), ENTRY)
    for first in range(0, len(rows), BUILT_TOGETHER):
        asked, part = rows[first : first + BUILT_TOGETHER], slice(2 * first, 2 * (first + BUILT_TOGETHER))
        entries["op_id"][part] = np.repeat(operations["op_id"][asked], 2)
        entries["account"][part] = np.stack((operations["debit"][asked], operations["credit"][asked]), axis=1).ravel()
        amount = operations["amount_paise"][asked]
        entries["amount_paise"][part] = np.stack((-amount, amount), axis=1).ravel()
    entries["entry_id"] = np.arange(1, len(entries) + 1)
    accounts = np.zeros(ACCOUNTS, dtype=ACCOUNT)
    order = np.argsort(entries["account"].astype(np.uint16), kind="stable")
    count = np.bincount(entries["account"], minlength=ACCOUNTS)
    entries["seq"][order] = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count) + 1
    accounts["account"], accounts["seq"] = np.arange(ACCOUNTS), count
    accounts["opening_paise"] = accounts["balance_paise"] = OPENING_PAISE
    np.add.at(accounts["balance_paise"], entries["account"], entries["amount_paise"])
    return entries, accounts


def scan(history: History) -> int:
    """Read every column that the judge needs once, some rows at a time, and decide nothing."""
    total = 0
    for rows, names in ((history.operations, OPERATION_COLUMNS), (history.survivors[0].entries, ENTRY_COLUMNS)):
        for first in range(0, len(rows), 1 << 18):
            part = rows[first : first + (1 << 18)]
            total += sum(int(np.ascontiguousarray(part[name])[-1]) for name in names)
    return total


def by_sets(history: History) -> dict[str, int]:
    """The presence classes by plain Python sets of ids."""
    writes = history.operations[history.operations["kind"] == Kind.WRITE]
    told: dict[int, set[int]] = {outcome: set() for outcome in Outcome}
    for identity, outcome in zip(writes["op_id"].tolist(), writes["outcome"].tolist(), strict=True):
        told[outcome].add(identity)
    found = set(history.survivors[0].entries["op_id"].tolist())
    declined = told[Outcome.REFUSED] | told[Outcome.UNSENT]
    return {
        "kept": len(told[Outcome.ACKED] & found),
        "lost": len(told[Outcome.ACKED] - found),
        "recovered": len(told[Outcome.UNKNOWN] & found),
        "vanished": len(told[Outcome.UNKNOWN] - found),
        "ghost": len(declined & found),
        "stranger": len(found - declined - told[Outcome.ACKED] - told[Outcome.UNKNOWN]),
    }


def _timed[T](work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


class PeakMemory:
    """The most anonymous memory (mapped files are the record itself) that was held while in the block, in MiB."""

    def __enter__(self) -> PeakMemory:
        self.mib = self._now()
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self.mib = max(self.mib, self._now())

    def _now(self) -> float:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


def measure(number: int, folder: Path) -> None:
    """Build, judge and print one size."""
    history = build(number, Place(folder))
    scan_s, _ = min((_timed(lambda: scan(history)) for _ in range(2)), key=lambda timed: timed[0])
    with PeakMemory() as peak:
        judge_s, judgement = min((_timed(lambda: judge(history)) for _ in range(2)), key=lambda timed: timed[0])
    lost = judgement.loss.classes["lost"].operations
    print(
        f"{number // MILLION:>4} million: judged in {judge_s:.2f} s, {judge_s / scan_s:.1f} bare scans ({scan_s:.2f} s)"
    )
    print(f"      verdict {judgement.verdict}, {lost} lost, {judge_s / number * 1e9:.0f} ns per operation")
    record = (history.operations.nbytes + history.survivors[0].entries.nbytes) / (1 << 20)
    print(f"      peak {peak.mib:.0f} MiB beside the record of {record:.0f} MiB")
    if number <= MILLION:
        sets_s, classes = _timed(lambda: by_sets(history))
        agrees = all(judgement.loss.classes[name].operations == count for name, count in classes.items())
        print(
            f"      Python sets, classes alone: {sets_s:.2f} s, {sets_s / judge_s:.1f} times as long; agree: {agrees}"
        )


def main() -> None:
    """Measure every size that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hundred", action="store_true", help="also judge 100 million operations")
    parser.add_argument("--scratch", type=Path, default=None, help="folder for the big records")
    options = parser.parse_args()
    sizes = [MILLION, 10 * MILLION, *([100 * MILLION] if options.hundred else [])]
    for number in sizes:
        with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
            measure(number, Path(folder))


if __name__ == "__main__":
    main()
