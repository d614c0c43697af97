"""Locust as a child process of the performer: headless, on the leash, and deaf to settings that are not the drill's."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from drdrill.model.estate import Address
from drdrill.traffic.briefing import OWN_CLOCK
from drdrill.traffic.process import TrafficProcess

NAME = "locust"
FIRST_RECORDER = 2
"""Worker 0 records as number 2, worker 1 as number 3, and so on."""

WORKERS_MAX = 88
"""Recorders 90 to 99 are for what experiments send by themselves."""

SHARE = "DRDRILL_SHARE"
"""Environment variable: ``3/8`` is the share with index 3 of 8. It outranks the place that Locust's master gives."""

_LOOPBACK = "127.0.0.1"


def worker_name(index: int) -> str:
    """The name of a worker's recorder, and of its file."""
    return f"{NAME}-{index}"


def given_share(environment: Mapping[str, str] = os.environ) -> tuple[int, int] | None:
    """The share that this process was started for, if it was started for one."""
    if SHARE not in environment:
        return None
    index, _, shares = environment[SHARE].partition("/")
    return int(index), int(shares)


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


class ShareGenerator(TrafficProcess):
    """One Locust on a machine whose clock is not the drill's: one share of the load, one record.

    Alone it starts and ends by itself; with ``master`` it is a worker of Locust's own distributed mode.
    """

    def __init__(self, session_path: Path, logs: Path, share: tuple[int, int], master: Address | None = None) -> None:
        self._home = logs
        self.index, self._shares = share
        name = worker_name(self.index)
        super().__init__(name, session_path, logs, _share_words(master), [name])

    def _environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        own = {"HOME": str(self._home.absolute()), SHARE: f"{self.index}/{self._shares}", OWN_CLOCK: "1"}
        return {**super()._environment(environment), **own}


class LocustMaster(TrafficProcess):
    """The master of Locust's own distributed mode: it starts all shares at once, and shows their sum. It sends nothing."""

    def __init__(self, session_path: Path, logs: Path, shares: int, listen: Address) -> None:
        self._home = logs
        words = [*_headless(shares), "--master", "--expect-workers", str(shares)]
        words += ["--master-bind-host", listen.host, "--master-bind-port", str(listen.port)]
        super().__init__("locust-master", session_path, logs, words, [])

    def _environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {**super()._environment(environment), "HOME": str(self._home.absolute())}


def _headless(users: int) -> list[str]:
    locustfile = Path(__file__).with_name("locust_dispatcher.py")
    words = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--only-summary"]
    return [*words, "--exit-code-on-error", "0", "--users", str(users), "--spawn-rate", str(users)]


def _share_words(master: Address | None) -> list[str]:
    if master is None:
        return _headless(1)
    locustfile = Path(__file__).with_name("locust_dispatcher.py")
    words = [sys.executable, "-m", "locust", "-f", str(locustfile), "--worker"]
    return [*words, "--master-host", master.host, "--master-port", str(master.port)]


def _words(workers: int) -> list[str]:
    words = _headless(workers)
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
