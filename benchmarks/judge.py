"""How fast a history is judged: beside a bare read of the same columns, and plain Python sets.

    python -m benchmarks.judge [--millions 1 10 100] [--scratch DIR] [--sql]

The bare read takes every column that the judge needs out of the record once and decides nothing, with two threads,
as the judge has. Sets work out the presence classes alone, at 1 million. ``--sql`` judges by the project's SQL on DuckDB as well.
Each size is judged in a process of its own, whose peak of memory is told; mapped files are the record itself. Ratios count, not
seconds: machines differ. 100 million need 10 GB of disk under ``--scratch``. Nothing is asserted here.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.synthetic import make, opened
from drdrill.measure import judge
from drdrill.measure.walk import PART, walk
from drdrill.model.chain import chained
from drdrill.model.history import History
from drdrill.model.operation import Kind, Outcome

MILLION = 1_000_000
OPERATION_COLUMNS = (
    "op_id", "journey", "kind", "state", "outcome", "amount_paise", "debit", "credit", "due_ns", "sent_ns", "done_ns", "seen_seq",
)  # fmt: skip
ENTRY_COLUMNS = ("op_id", "account", "amount_paise", "seq")
ROUNDS = 3


def scan(history: History, hands: int) -> int:
    """Read every column that the judge needs once, some rows at a time, and decide nothing."""

    def read(part: tuple[Any, tuple[str, ...]]) -> int:
        rows, names = part
        return sum(int(np.ascontiguousarray(rows[name])[-1]) for name in names)

    parts = [
        *((rows, OPERATION_COLUMNS) for _, rows in chained(history.operations).parts(PART)),
        *((rows, ENTRY_COLUMNS) for _, rows in chained(history.survivors[0].entries).parts(PART)),
    ]
    return sum(walk(parts, read) if hands > 1 else map(read, parts))


def by_sets(history: History) -> dict[str, int]:
    """The presence classes by plain Python sets of ids."""
    kind = history.operations["kind"] == Kind.WRITE
    told: dict[int, set[int]] = {outcome: set() for outcome in Outcome}
    ids, outcomes = history.operations["op_id"][kind].tolist(), history.operations["outcome"][kind].tolist()
    for identity, outcome in zip(ids, outcomes, strict=True):
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


@dataclass(frozen=True)
class Cost:
    """The least of several rounds: seconds on the wall, and seconds of both processors (less moved by a busy machine)."""

    wall_s: float
    cpu_s: float


def timed[T](work: Callable[[], T], rounds: int = 1) -> tuple[Cost, T]:
    """What some work costs, and what its last round gave."""
    wall_s, cpu_s = [], []
    for _ in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        answer = work()
        wall_s.append(time.perf_counter() - began)
        cpu_s.append(time.process_time() - began_cpu)
    return Cost(min(wall_s), min(cpu_s)), answer


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


def measure(folder: Path) -> dict[str, Any]:
    """Read, judge, and count by sets the history in ``folder``."""
    history = opened(folder)
    number = len(history.operations)
    rounds = ROUNDS if number <= 10 * MILLION else 2
    with PeakMemory() as peak:
        judged, judgement = timed(lambda: judge(history), rounds)
    scanned, _ = timed(lambda: scan(history, 2), rounds)
    told = {
        "operations": number,
        "judge_s": judged.wall_s,
        "judge_cpu_s": judged.cpu_s,
        "scan_s": scanned.wall_s,
        "scan_cpu_s": scanned.cpu_s,
        "verdict": judgement.verdict,
        "lost": judgement.loss.classes["lost"].operations,
        "peak_mib": peak.mib,
        "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "record_mib": (chained(history.operations).nbytes + history.survivors[0].entries.nbytes) / (1 << 20),
    }
    if number <= MILLION:
        sets, classes = timed(lambda: by_sets(history), rounds)
        agrees = all(judgement.loss.classes[name].operations == count for name, count in classes.items())
        told |= {"sets_s": sets.wall_s, "sets_agree": agrees}
    return told


def in_a_child(*words: str) -> dict[str, Any]:
    """What this program says in a process of its own: its peak of memory is then that of one size."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.judge", *words], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def table(told: list[dict[str, Any]]) -> str:
    """The sizes as rows of Markdown, with ratios."""
    lines = [
        "| operations | judged / bare read | the same in CPU time | ns per operation | x the size before | memory beside the record | sets / judged |",
        "|---|---|---|---|---|---|---|",
    ]
    before: dict[str, Any] | None = None
    for one in told:
        growth = "" if before is None else f"{one['judge_s'] / before['judge_s']:.1f}"
        sets = f"{one['sets_s'] / one['judge_s']:.1f} (classes alone)" if "sets_s" in one else ""
        lines.append(
            f"| {one['operations'] / MILLION:g} million | {one['judge_s'] / one['scan_s']:.1f} "
            f"| {one['judge_cpu_s'] / one['scan_cpu_s']:.1f} | {one['judge_s'] / one['operations'] * 1e9:.0f} | {growth} "
            f"| {one['peak_mib']:.0f} MiB beside {one['record_mib']:.0f} | {sets} |"
        )
        before = one
    return "\n".join(lines)


def main() -> None:
    """Measure every size that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 10], help="sizes of histories")
    parser.add_argument("--scratch", type=Path, default=None, help="folder for the big records")
    parser.add_argument("--sql", action="store_true", help="also judge by SQL on DuckDB, from exported Parquet")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder is not None:
        print(json.dumps(measure(options.folder)))
        return
    told = []
    for millions in options.millions:
        with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
            make(int(millions * MILLION), Path(folder))
            told.append(in_a_child("--folder", folder))
            if options.sql:
                from benchmarks.queries import compare

                print(compare(Path(folder), told[-1]["judge_s"]))
    print(table(told))


if __name__ == "__main__":
    main()
