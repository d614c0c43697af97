"""Reading the survivors of a real PostgreSQL: time and memory for 2 million ledger rows, and for more with ``--rows``.

    python -m benchmarks.survivors [--rows 2000000 10000000]

Run it in the project's folder. Ours is the stable read as a drill does it: two reads, the first one written as Parquet. Beside
it stand one plain read, ours and by binary COPY through psycopg, which hands over one row at a time. Ratios count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.survivors.postgres import fill, open_books, open_server

from drdrill.record.survivors import SurvivorsFile, read_survivors
from drdrill.survivors.postgresql import PostgresReader
from drdrill.survivors.reader import Quiet
from drdrill.survivors.stable import read_stably

COPY = (
    "COPY (SELECT entry_id, op_id, account, amount_paise, seq FROM entries ORDER BY entry_id) TO STDOUT (FORMAT BINARY)"
)


class Cost:
    """Wall time, our own CPU time, and the most anonymous memory held beyond what was held before."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._peak = before = _anonymous_mib()
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,))
        watcher.start()
        began, cpu = time.perf_counter(), time.process_time()
        work()
        self.wall_s, self.cpu_s = time.perf_counter() - began, time.process_time() - cpu
        done.set()
        watcher.join()
        self.peak_mib = self._peak - before

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(0.01):
            self._peak = max(self._peak, _anonymous_mib())

    def __str__(self) -> str:
        return f"{self.wall_s:6.2f} s, {self.cpu_s:6.2f} s of our CPU, {self.peak_mib:5.0f} MiB"


def _anonymous_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


def by_copy(reader: PostgresReader) -> None:
    """Binary COPY, row by row, and nothing done with the rows."""
    with reader.snapshot(), reader.connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for _row in copy:
            pass


def packed(reader: PostgresReader) -> None:
    """Our batches, and nothing done with the rows."""
    with reader.snapshot() as books:
        for _batch in books.entries():
            pass


def stable(reader: PostgresReader, folder: Path) -> None:
    """The whole stable read of a drill."""
    quiet = Quiet(time.monotonic_ns(), time.monotonic_ns())
    with SurvivorsFile(folder, 1) as file:
        file.finish(read_stably(reader, file, authoritative=True, quiet=quiet, tell=lambda said: print(f"    {said}")))


def measure(dsn: str, rows: int) -> None:
    """Print one line for each way."""
    with tempfile.TemporaryDirectory() as name, PostgresReader.open(dsn, "here") as reader:
        folder = Path(name)
        ours = Cost(lambda: packed(reader))
        print(f"{rows / 1e6:4.0f} million rows, one read in packed batches:  {ours}")
        copied = Cost(lambda: by_copy(reader))
        print(f"     one read by COPY, row by row:  {copied}  ({copied.wall_s / ours.wall_s:.1f} times as long)")
        whole = Cost(lambda: stable(reader, folder))
        size = (folder / "1.entries.parquet").stat().st_size / (1 << 20)
        print(
            f"     stable read, kept as Parquet:  {whole}  ({whole.wall_s / ours.wall_s:.1f} single reads); {size:.0f} MiB"
        )
        loaded = Cost(lambda: read_survivors(folder))
        print(
            f"     read back for judging:         {loaded}  ({rows * 36 / (1 << 20):.0f} MiB are the rows themselves)"
        )


def main() -> None:
    """Measure every size that was asked for, on one server."""
    parser = argparse.ArgumentParser(description="Reading the survivors of a real PostgreSQL.")
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000], help="how many ledger rows")
    sizes = parser.parse_args().rows
    with open_server(5473) as server:
        for rows in sizes:
            open_books(server)
            fill(server, rows)
            server.ask("VACUUM ANALYZE entries")
            measure(server.dsn(), rows)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
