"""One process that makes traffic, as the performer sees it: started, sending, stopped with its record closed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from drdrill.errors import EstateError
from drdrill.record.operations import first_sent
from drdrill.traffic.briefing import SESSION, Briefing
from drdrill.traffic.leash import LEASH
from drdrill.waiting import wait_until

START_LIMIT_S = 30.0
STOP_MARGIN_S = 10.0
"""After the last deadline this long is left to a process for closing its record; then it is killed, and the record shows it."""

_LAST_WORDS = 5


class TrafficProcess:
    """A child process that records what it sends. It gets SIGTERM when the thread that started it ends."""

    def __init__(self, name: str, session_path: Path, logs: Path, words: Sequence[str], records: Sequence[str]) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._session_path = session_path
        self._words = list(words)
        self._records = list(records)
        self._briefing: Briefing | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and return when the first operation of each of its recorders was due and is on record.

        Raises ``EstateError`` with its last words when that does not come about; it is stopped then.
        """
        paths = self.launch()
        try:
            wait_until(
                f"the {self.name} sends",
                lambda: self._sends(paths),
                limit_s=START_LIMIT_S,
                every_s=0.02,
                seen=self.last_words,
                error=EstateError,
            )
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> list[Path]:
        """Start it, and return at once, with the paths that its recorders will write."""
        self._briefing = Briefing.read(self._session_path)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.log.parent,
                env=self._environment(os.environ),
                start_new_session=True,
            )
        return [self._briefing.record_path(name) for name in self._records]

    def stop(self) -> int | None:
        """SIGTERM, then wait until its last operation has ended and its record is closed; returns its exit status.

        A process that does not end is killed: its record stays unclosed, and judgement says what that means. May be
        called twice; None if it never was started.
        """
        if self._process is None or self._briefing is None:
            return None
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(self._briefing.traffic.deadline_s + STOP_MARGIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id, once started."""
        return None if self._process is None else self._process.pid

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return " / ".join(lines[-_LAST_WORDS:]) or f"nothing in {self.log.name}"

    def _sends(self, paths: Sequence[Path]) -> bool:
        if not self.alive:
            status = None if self._process is None else self._process.returncode
            raise EstateError(
                f"no traffic: the {self.name} ended with status {status} before it sent anything; it said: {self.last_words()}"
            )
        return all(first_sent(path) for path in paths)

    def _environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in environment.items() if not name.startswith("LOCUST_")}
        return {**kept, SESSION: str(self._session_path.absolute()), LEASH: str(os.getpid())}
