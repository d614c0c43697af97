"""The reference bank as the process that hurts it sees it: started, switched, stopped and continued, its books read."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from drdrill.calibration.manner import BankConfig, Manner, Order, Stall, Switched
from drdrill.errors import EstateError
from drdrill.model.estate import Address
from drdrill.model.survivors import ReadCircumstances, Survivors
from drdrill.waiting import wait_until

PORT = 8080
_PATIENCE_S = 10.0
_ADDRESSES_TRIED = 50


def own_address(seed: int) -> Address:
    """An address of the loopback network that nobody uses, outside the ports that connections are given by themselves.

    On a port of that range a client whose server refuses can be connected to itself.
    """
    draw = random.Random(f"{seed}/{os.getpid()}")
    for _ in range(_ADDRESSES_TRIED):
        host = f"127.{draw.randint(200, 250)}.{draw.randint(1, 250)}.{draw.randint(1, 250)}"
        with socket.socket() as trial, suppress(OSError):
            trial.bind((host, PORT))
            return Address(host=host, port=PORT)
    raise EstateError(f"nothing was calibrated: no address of 127.0.0.0/8 is free at port {PORT}")


class BankProcess:
    """``with BankProcess(config, log) as bank:`` serves; it is a child, so that its stop by a signal can be seen."""

    def __init__(self, config: BankConfig, log: Path) -> None:
        self._config = config
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "drdrill.calibration.reference_bank", self._config.model_dump_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._hear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._alive()
        assert process.stdin is not None and process.stdout is not None
        with suppress(OSError):
            process.send_signal(signal.SIGCONT)
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def switch(self, manner: Manner) -> Switched:
        """Let it take on another manner; returns the stamps that it took itself."""
        return Switched.model_validate_json(self._ask(Order(manner=manner)))

    def freeze(self) -> Switched:
        """SIGSTOP; stamped before the signal and after the kernel has told that the process stands still."""
        return self._signal(signal.SIGSTOP, os.WSTOPPED)

    def thaw(self) -> Switched:
        """SIGCONT; stamped before the signal and after the kernel has told that the process runs again."""
        return self._signal(signal.SIGCONT, os.WCONTINUED)

    def books(
        self, folder: Path, writers_stopped_ns: int, last_deadline_ns: int
    ) -> tuple[Survivors, tuple[Stall, ...]]:
        """What it holds, read twice, and when it was not run. Call it when nobody writes any more."""
        began_ns = time.monotonic_ns()
        self._ask(Order(books=str(folder)))
        first = (folder / "entries.npy").read_bytes()
        stalls = tuple(Stall.model_validate(stall) for stall in json.loads(self._ask(Order(books=str(folder)))))
        second = (folder / "entries.npy").read_bytes()
        circumstances = ReadCircumstances(
            store="the reference bank",
            region="ap-south-1",
            authoritative=True,
            began_ns=began_ns,
            ended_ns=time.monotonic_ns(),
            writers_stopped_ns=writers_stopped_ns,
            last_deadline_ns=last_deadline_ns,
            open_transactions=0,
            digest_first=sha256(first).hexdigest(),
            digest_second=sha256(second).hexdigest(),
        )
        entries, accounts = np.load(folder / "entries.npy"), np.load(folder / "accounts.npy")
        return Survivors(circumstances=circumstances, entries=entries, accounts=accounts), stalls

    def _signal(self, number: signal.Signals, awaited: int) -> Switched:
        process = self._alive()
        before_ns = time.monotonic_ns()
        process.send_signal(number)
        wait_until(
            f"the bank has obeyed {number.name}",
            lambda: os.waitid(os.P_PID, process.pid, awaited | os.WNOHANG),
            limit_s=_PATIENCE_S,
            every_s=0,
            error=EstateError,
        )
        return Switched(before_ns=before_ns, after_ns=time.monotonic_ns())

    def _ask(self, order: Order) -> str:
        process = self._alive()
        assert process.stdin is not None
        try:
            process.stdin.write(order.model_dump_json().encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise EstateError(self._why_dead()) from None
        return self._hear()

    def _hear(self) -> str:
        stdout: Callable[[], bytes] = self._alive().stdout.readline  # type: ignore[union-attr]
        line = stdout()
        if not line:
            raise EstateError(self._why_dead())
        return line.decode()

    def _alive(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def _why_dead(self) -> str:
        words = self._log.read_text(errors="replace").splitlines()[-3:]
        return f"nothing was calibrated: the reference bank has died; it said: {' / '.join(words) or 'nothing'}"
