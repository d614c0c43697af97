"""What a record costs: CPU time of both entries of an operation, beside the ways of recording that were not chosen.

Run ``python benchmarks/recording.py``. All ways run in turn in one process, and the best of five rounds counts.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from drdrill.record.operations import OperationRecorder, read_operations

COUNT = 100_000
ROUNDS = 5


def slots(folder: Path) -> None:
    """Two-phase slots in a mapped file: ours."""
    with OperationRecorder.create(folder / "a.ops", 1, "bench", ["a"], ["none"], capacity=COUNT) as recorder:
        for number in range(COUNT):
            op_id = recorder.invoke(0, 1, 100, 1, 2, number, number + 1)
            recorder.complete(op_id, 1, number + 2, 200, 0, 0, -1)


def json_lines(folder: Path) -> None:
    """A flushed line of JSON for each entry: survives a kill as well."""
    with (folder / "a.jsonl").open("w") as file:
        for number in range(COUNT):
            entry = {"op_id": number, "journey": 0, "amount": 100, "debit": 1, "credit": 2, "due": number, "sent": 1}
            file.write(json.dumps(entry) + "\n")
            file.flush()
            file.write(json.dumps({"op_id": number, "outcome": 1, "done": number, "status": 200}) + "\n")
            file.flush()


def buffered_json_lines(folder: Path) -> None:
    """The same without flushing: a kill loses what is in the buffer."""
    with (folder / "a.jsonl").open("w") as file:
        for number in range(COUNT):
            entry = {"op_id": number, "journey": 0, "amount": 100, "debit": 1, "credit": 2, "due": number, "sent": 1}
            file.write(json.dumps(entry) + "\n")
            file.write(json.dumps({"op_id": number, "outcome": 1, "done": number, "status": 200}) + "\n")


def cpu_us(write: Callable[[Path], None]) -> float:
    """CPU microseconds for each operation, both entries."""
    best = float("inf")
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.process_time()
            write(Path(folder))
            best = min(best, time.process_time() - begun)
    return best / COUNT * 1e6


def reading_ns() -> float:
    """CPU nanoseconds for each operation that is read back and checked."""
    with tempfile.TemporaryDirectory() as folder:
        slots(Path(folder))
        begun = time.process_time()
        operations, *_ = read_operations(Path(folder) / "a.ops")
        assert np.all(operations["state"] == 2)
        return (time.process_time() - begun) / COUNT * 1e9


def main() -> None:
    """Print one line for each way, with its ratio to ours."""
    ours = cpu_us(slots)
    for write in (slots, buffered_json_lines, json_lines):
        cost = ours if write is slots else cpu_us(write)
        print(f"{write.__name__:22} {cost:6.2f} us CPU for each operation   {cost / ours:5.1f} x")
    print(f"{'read and check':22} {reading_ns():6.0f} ns CPU for each operation")


if __name__ == "__main__":
    main()
