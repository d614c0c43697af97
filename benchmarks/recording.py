"""What a record costs: CPU time of both entries of an operation, beside the ways of recording that were not chosen.

Run ``python benchmarks/recording.py``. All ways run in turn in one process, and the best of five rounds counts. Only some of
them survive ``kill -9`` of the process; which is said. The goal is 10 microseconds; ratios count.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from drdrill.record.claims import Claim
from drdrill.record.columns import read_columns, write_columns
from drdrill.record.operations import OperationRecorder, read_operations

COUNT = 100_000
ROUNDS = 5
GOAL_US = 10.0
JUDGED = ("op_id", "journey", "kind", "state", "outcome", "amount_paise", "due_ns", "sent_ns", "done_ns")


def slots(folder: Path, count: int = COUNT) -> None:
    """Two-phase slots in a mapped file: ours."""
    with OperationRecorder.create(folder / "a.ops", 1, "bench", ["a"], ["none"], capacity=count) as recorder:
        for number in range(count):
            op_id = recorder.invoke(0, 1, 100, 1, 2, number, number + 1)
            recorder.complete(op_id, 1, number + 2, 200, 0, 0, -1)


def json_lines(folder: Path, count: int = COUNT) -> None:
    """A flushed line of JSON for each entry: a system call each."""
    with (folder / "a.jsonl").open("w") as file:
        for number in range(count):
            entry = {"op_id": number, "journey": 0, "amount": 100, "debit": 1, "credit": 2, "due": number, "sent": 1}
            file.write(json.dumps(entry) + "\n")
            file.flush()
            file.write(json.dumps({"op_id": number, "outcome": 1, "done": number, "status": 200}) + "\n")
            file.flush()


def buffered_json_lines(folder: Path, count: int = COUNT) -> None:
    """The same without flushing: what is in the buffer dies with the process."""
    with (folder / "a.jsonl").open("w") as file:
        for number in range(count):
            entry = {"op_id": number, "journey": 0, "amount": 100, "debit": 1, "credit": 2, "due": number, "sent": 1}
            file.write(json.dumps(entry) + "\n")
            file.write(json.dumps({"op_id": number, "outcome": 1, "done": number, "status": 200}) + "\n")


def sqlite(folder: Path, count: int = COUNT) -> None:
    """A transaction for each entry in SQLite's write-ahead log, not synced."""
    with sqlite3.connect(folder / "a.sqlite", isolation_level=None) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(
            "CREATE TABLE o (op_id INTEGER PRIMARY KEY, j, k, paise, debit, credit, due, sent, done, status)"
        )
        for number in range(count):
            database.execute("INSERT INTO o VALUES (?, 0, 1, 100, 1, 2, ?, ?, NULL, NULL)", (number, number, number))
            database.execute("UPDATE o SET done = ?, status = 200 WHERE op_id = ?", (number, number))


def synced_slots(folder: Path, count: int = COUNT) -> None:
    """Our slots, and the disk asked to keep each entry: what a power cut would need, and what we do from outside instead."""
    with OperationRecorder.create(folder / "a.ops", 1, "bench", ["a"], ["none"], capacity=count) as recorder:
        descriptor = os.open(folder / "a.ops", os.O_RDONLY)
        for number in range(count):
            op_id = recorder.invoke(0, 1, 100, 1, 2, number, number + 1)
            os.fdatasync(descriptor)
            recorder.complete(op_id, 1, number + 2, 200, 0, 0, -1)
            os.fdatasync(descriptor)
        os.close(descriptor)


Write = Callable[[Path, int], None]

WAYS: tuple[tuple[Write, str, int], ...] = (
    (slots, "yes", COUNT),
    (buffered_json_lines, "no: the buffer is lost", COUNT),
    (json_lines, "yes", COUNT),
    (sqlite, "yes", COUNT // 10),
    (synced_slots, "yes, and a power cut", COUNT // 100),
)


def cost_us(write: Write, count: int) -> tuple[float, float]:
    """CPU and wall microseconds for each operation, both entries."""
    best = (float("inf"), float("inf"))
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            cpu, wall = time.process_time(), time.perf_counter()
            write(Path(folder), count)
            best = min(best, (time.process_time() - cpu, time.perf_counter() - wall))
    return best[0] / count * 1e6, best[1] / count * 1e6


def best_ns(read: Callable[[], object], count: int) -> float:
    """Wall nanoseconds for each operation."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        read()
        best = min(best, time.perf_counter() - began)
    return best / count * 1e9


def _scan(path: Path) -> None:
    operations = np.fromfile(path, dtype="<i8", offset=4096)
    assert operations.any()


def reading(count: int) -> None:
    """Print what it costs to read a record for judging: the slots, checked, and the same as Parquet."""
    with tempfile.TemporaryDirectory() as name:
        path, columns = Path(name) / "a.ops", Path(name) / "a.parquet"
        slots(Path(name), count)
        operations, recorder, journeys, regions, _ = read_operations(path)
        claim = Claim(path, operations, recorder, journeys, regions)
        bare = 0.0
        ways = (
            ("bare read of the bytes", lambda: _scan(path)),
            ("slots, copied and checked", lambda: read_operations(path)),
            ("slots, mapped and checked", lambda: read_operations(path, mapped=True)),
            ("Parquet, nine columns, not checked", lambda: pq.read_table(columns, columns=list(JUDGED))),
            ("Parquet, back to slots", lambda: read_columns(columns)),
            ("export to Parquet", lambda: write_columns(columns, claim, "bench")),
        )
        write_columns(columns, claim, "bench")
        print(f"\n{count:,} operations: {path.stat().st_size:,} bytes of slots, {columns.stat().st_size:,} as Parquet")
        for what, read in ways:
            cost = best_ns(read, count)
            bare = bare or cost
            print(f"{what:36} {cost:7.1f} ns each   {cost / bare:6.1f} x")


def main() -> None:
    """Print one line for each way, with its ratio to ours."""
    ours, _ = cost_us(slots, COUNT)
    for write, survives, count in WAYS:
        cpu, wall = (ours, ours) if write is slots else cost_us(write, count)
        told = f"{cpu:7.2f} us CPU, {wall:8.2f} us in all"
        print(f"{write.__name__:20} {told}   {cpu / ours:6.1f} x   survives kill -9: {survives}")
    print(f"goal: {GOAL_US:g} us; ours is {GOAL_US / ours:.0f} times better")
    reading(1_000_000)


if __name__ == "__main__":
    main()
