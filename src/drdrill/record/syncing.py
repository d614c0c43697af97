"""Bringing the record to the disk while it is written, from outside the processes that write it.

``kill -9`` takes nothing from the record; a power cut could. A sync takes about 200 microseconds and more on a busy disk, and would
freeze every greenlet of a load generator, so it is done from another process (or a native thread of one).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def sync_forever(paths: Callable[[], Iterable[Path]], every_s: float, stop: threading.Event) -> None:
    """Sync the data of all ``paths()`` every ``every_s`` seconds until ``stop`` is set, and once more then.

    Runs in the thread that calls it; ``paths`` is asked anew each round, so files may appear. Raises ``OSError``
    when a file cannot be synced: what is then lost by a power cut is unknown.
    """
    while True:
        last = stop.is_set()
        for path in paths():
            _sync(path)
        if last:
            return
        stop.wait(every_s)


@contextmanager
def synced(folder: Path, every_s: float = 0.1) -> Iterator[None]:
    """Keep every record in ``folder`` on the disk, at most ``every_s`` seconds behind, while the block runs.

    An error of the disk is raised when the block ends. Not for a process that gevent has patched.
    """
    stop = threading.Event()
    failures: list[OSError] = []

    def run() -> None:
        try:
            sync_forever(lambda: sorted(folder.glob("*.ops")), every_s, stop)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="sync of the record", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
