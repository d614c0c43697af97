"""Locust as a child process of the performer: headless, on the leash, and deaf to settings that are not the drill's."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from drdrill.traffic.process import TrafficProcess

NAME = "locust"
FIRST_RECORDER = 2
"""Worker 0 records as number 2, worker 1 as number 3, and so on."""

_LOOPBACK = "127.0.0.1"


def worker_name(index: int) -> str:
    """The name of a worker's recorder, and of its file."""
    return f"{NAME}-{index}"


class LoadGenerator(TrafficProcess):
    """``with LoadGenerator(session_path, logs):`` sends the plan's load; on leaving, its records are complete and closed.

    More ``workers`` than one share the schedule; each then is a process with a record of its own.
    """

    def __init__(self, session_path: Path, logs: Path, *, workers: int = 1) -> None:
        self._home = logs
        super().__init__(NAME, session_path, logs, _words(workers), [worker_name(index) for index in range(workers)])

    def _environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        # Locust reads ~/.locust.conf and the working directory's locust.conf and pyproject.toml; the log folder has none.
        return {**super()._environment(environment), "HOME": str(self._home.absolute())}


def _words(workers: int) -> list[str]:
    locustfile = Path(__file__).with_name("locust_dispatcher.py")
    words = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--only-summary"]
    words += ["--exit-code-on-error", "0", "--users", str(workers), "--spawn-rate", str(workers)]
    if workers == 1:
        return words
    port = str(_free_port())
    shared = ["--processes", str(workers), "--master-bind-host", _LOOPBACK, "--master-bind-port", port]
    return [*words, *shared, "--master-host", _LOOPBACK, "--master-port", port]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
