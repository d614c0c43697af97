"""The lab as its owner sees it: ``with Lab.open(target) as lab`` and it is there; afterwards nothing of it is."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from drdrill.errors import BadInput, EstateError
from drdrill.lab import process_tree, remains
from drdrill.lab.control import LabControl
from drdrill.lab.opening import Opening, Word
from drdrill.lab.settings import LabSettings
from drdrill.model.estate import Estate
from drdrill.model.target import Target

CLOSE_S = 45.0


def silent(_message: str) -> None:
    """Progress that nobody wants to see."""


class Lab:
    """An opened lab. ``timings`` are seconds from the start of its supervisor to the end of each part of the opening."""

    def __init__(self, process: subprocess.Popen[bytes], directory: Path, lock: int) -> None:
        self.process = process
        self.directory = directory
        self.timings: dict[str, float] = {}
        self._lock = lock
        self._estate: Estate | None = None

    @classmethod
    def open(
        cls,
        target: Target,
        directory: Path | None = None,
        *,
        settings: LabSettings | None = None,
        progress: Callable[[str], None] = silent,
    ) -> Self:
        """Open a lab for this target; use it as a context manager.

        ``directory`` is where the logs of its processes are kept (made if missing); without one they go with the lab.
        The remains of dead labs are swept first. Raises ``EstateError`` with a sentence when it cannot be opened.
        """
        if target.kind != "lab":
            raise BadInput("the lab was not opened", [f"the target {target.name} is of kind {target.kind}, not lab"])
        for swept in remains.sweep():
            progress(f"removed {swept}, left behind by a lab that was killed")
        own, lock = remains.new_directory()
        opening = Opening(
            target=target,
            settings=settings or LabSettings(),
            directory=own,
            logs=(directory or own / "logs").absolute(),
        )
        config = own / "opening.json"
        config.write_text(opening.model_dump_json())
        lab = cls(_start_supervisor(config, lock, own), own, lock)
        try:
            lab._listen(opening.settings.open_limit_s + 10, progress)
        except BaseException:
            lab.close()
            raise
        return lab

    @property
    def estate(self) -> Estate:
        """Where everything is."""
        assert self._estate is not None
        return self._estate

    @property
    def control(self) -> LabControl:
        """The levers."""
        return LabControl.from_dir(self.directory)

    def close(self) -> None:
        """End the lab; returns when no process, port or directory of it is left, also if its supervisor was killed."""
        if self._lock < 0:
            return
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            process_tree.kill([psutil.Process(self.process.pid)])
            self.process.wait()
        self.process.stdout.close()
        if self.directory.exists():
            remains.clear(self.directory)
        os.close(self._lock)
        self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self, limit_s: float, progress: Callable[[str], None]) -> None:
        for word in self._words(time.monotonic() + limit_s):
            if word.error:
                raise EstateError(word.error)
            if word.estate is not None:
                self._estate = word.estate
                self.timings = word.timings
                return
            progress(f"{word.at_s:5.2f} s  {word.progress}")
        raise EstateError(
            f"the lab was not opened: its supervisor ended with status {self.process.wait()} and without a word; "
            "what it wrote to standard error says more"
        )

    def _words(self, deadline: float) -> Iterator[Word]:
        assert self.process.stdout is not None
        descriptor, held = self.process.stdout.fileno(), b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise EstateError("the lab was not opened: its supervisor said nothing more in time")
            data = os.read(descriptor, 1 << 16)
            if not data:
                return
            *lines, held = (held + data).split(b"\n")
            yield from (Word.model_validate_json(line) for line in lines)


def _start_supervisor(config: Path, lock: int, directory: Path) -> subprocess.Popen[bytes]:
    """Its own session, so that Ctrl-C at the terminal reaches the owner alone, who then closes the lab in order."""
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "drdrill.lab.supervisor", "--config", str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(lock,),
        )
    except OSError as error:
        remains.clear(directory)
        raise EstateError(f"the lab was not opened: its supervisor cannot be started ({error})") from error
