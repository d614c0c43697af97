"""One process of the lab, as its supervisor sees it: started, ready, gone."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from drdrill.errors import EstateError
from drdrill.lab import process_tree
from drdrill.lab.service import READY

LAST_WORDS = 12


class Child:
    """A process that dies with the supervisor and writes its log to ``log``; it can be started again after its end."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        options: Mapping[str, Any] | None = None,
        *,
        says_ready: bool = True,
    ) -> None:
        self.name = name
        self.log = log
        self.expected_to_run = False
        self.process: psutil.Process | None = None
        self._command = list(command)
        self._options = dict(options or {})
        self._says_ready = says_ready
        self._handle: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process; that it is ready is another matter."""
        with _log_file(self.log) as log:
            self._handle = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if self._says_ready else log,
                stderr=log,
                preexec_fn=process_tree.dying_with_me(),
                **self._options,
            )
        self.process = psutil.Process(self._handle.pid)
        self.expected_to_run = True

    async def wait_until_ready(self, limit_s: float) -> None:
        """Wait for its line ``ready``. Raises ``EstateError`` with its last words when that does not come."""
        assert self._handle is not None and self._handle.stdout is not None
        try:
            async with asyncio.timeout(limit_s):
                while line := await self._handle.stdout.readline():
                    if line.strip() == READY.encode():
                        self._drain = asyncio.create_task(self._drain_stdout(self._handle.stdout))
                        return
        except TimeoutError as error:
            raise EstateError(
                f"the lab was not opened: its process {self.name} was not ready within {limit_s:g} s; {self.last_words()}"
            ) from error
        status = await self._handle.wait()
        raise EstateError(
            f"the lab was not opened: its process {self.name} ended with status {status}; {self.last_words()}"
        )

    async def wait(self) -> None:
        """Wait until it has ended and is no zombie; at once if it was never started."""
        if self._handle is not None:
            await self._handle.wait()

    def alive(self) -> bool:
        """Whether it runs (or is frozen)."""
        return self.process is not None and process_tree.is_alive(self.process)

    def died_by_itself(self) -> str | None:
        """The sentence that says so, if it ended although nobody ended it."""
        if not self.expected_to_run or self.alive():
            return None
        status = None if self._handle is None else self._handle.returncode
        return f"the lab's process {self.name} ended by itself with status {status}; {self.last_words()}"

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return f"its log {self.log} ends:\n" + "\n".join(f"    {line}" for line in lines[-LAST_WORDS:])

    async def _drain_stdout(self, stdout: asyncio.StreamReader) -> None:
        """Keep the pipe empty, so that a talkative child does not block."""
        with contextlib.suppress(ValueError):
            while await stdout.read(1 << 16):
                continue


def _log_file(path: Path) -> Any:
    try:
        return path.open("ab")
    except OSError as error:
        raise EstateError(f"the lab was not opened: {path} cannot be written ({error.strerror})") from error


def python_child(name: str, module: str, config: Path, log: Path) -> Child:
    """A process of the lab that runs one of our modules with ``--config``."""
    return Child(name, [sys.executable, "-m", module, "--config", str(config)], log, {"cwd": "/"})
