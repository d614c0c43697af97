"""Starting the watchdog beside a drill, and letting it go when the drill has healed by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from drdrill.errors import EstateError
from drdrill.safety.session import plan_of, read_session

_MARGIN_S = 120.0
"""Beyond the limit of the experiment: opening traffic, rollbacks and reading survivors take their own time."""

_END_S = 10.0


class Watchdog:
    """A watchdog for this process. It lives in a session of its own, so nothing that kills the performer's group kills it.

    Leaving the scope ends it: do that only after the faults were healed, for from then on nobody watches.
    """

    def __init__(self, session: Path, logs: Path) -> None:
        self._session = session
        self._logs = logs
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it, and wait until it watches. Raises ``EstateError`` when it does not: no drill goes unwatched."""
        drill = plan_of(read_session(self._session))
        limit_s = drill.limits.max_duration_s + drill.traffic.baseline_s + drill.traffic.ramp_s + _MARGIN_S
        words = [sys.executable, "-m", "drdrill.safety.watchdog", "--session", str(self._session)]
        words += ["--pid", str(os.getpid()), "--max-duration-s", str(limit_s)]
        with (self._logs / "watchdog.log").open("ab") as log:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        said = self._process.stdout.readline() if self._process.stdout else b""
        if said.strip() != b"ready":
            self._end()
            raise EstateError("not injecting: the watchdog did not start; see logs/watchdog.log")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
