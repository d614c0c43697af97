"""Imports everything once, then forks the workers of a region: five processes start in the time of one.

It restarts nobody: a worker that was killed stays dead until the lab starts the region again. None outlives it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from drdrill.errors import EstateError
from drdrill.lab.bank.config import BankConfig
from drdrill.lab.bank.worker import work
from drdrill.lab.mortality import die_with_parent, name_process
from drdrill.lab.serving import listening_socket

STOP_LIMIT_S = 3.0
_HANDLED = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


@dataclass
class Staff:
    """The worker processes that are alive, by process id."""

    pids: set[int]

    def reap(self) -> None:
        """Take note of those who have died, so that none stays a zombie."""
        for pid in tuple(self.pids):
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                self.pids.discard(pid)

    def send(self, number: signal.Signals) -> None:
        """Signal everybody who was alive when last seen."""
        for pid in self.pids:
            os.kill(pid, number)


def run(config: BankConfig, ready: Callable[[], None]) -> int:
    """Fork a worker for each address, say ready when all listen, stop them on SIGTERM.

    Returns 0 when told to stop, 1 when all workers have died. Raises ``EstateError`` when they cannot be started.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    listeners = [listening_socket(address) for address in config.listen]
    gc.freeze()  # what was imported is shared with the workers: the collector must not touch those pages
    started, tell = os.pipe()
    staff = Staff({_hire(config, number, listeners, tell) for number in range(len(listeners))})
    os.close(tell)
    for listener in listeners:
        listener.close()
    _await_everybody(started, len(config.listen), staff)
    ready()
    return _supervise(staff)


def _hire(config: BankConfig, number: int, listeners: list[socket.socket], tell: int) -> int:
    zygote = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_worker(config, number, listeners, tell, zygote)
    return pid


def _become_worker(config: BankConfig, number: int, listeners: list[socket.socket], tell: int, zygote: int) -> NoReturn:
    die_with_parent(zygote)
    name_process(f"bank-worker-{number}")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
    for other in listeners:
        if other is not listeners[number]:
            other.close()

    def ready() -> None:
        os.write(tell, b".")
        os.close(tell)

    status = 1
    try:
        asyncio.run(work(config, number, listeners[number], ready))
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def _await_everybody(started: int, expected: int, staff: Staff) -> None:
    heard = 0
    while heard < expected and (told := os.read(started, expected)):
        heard += len(told)
    os.close(started)
    if heard < expected:
        staff.reap()
        staff.send(signal.SIGKILL)
        raise EstateError(f"the bank is not open: only {heard} of {expected} workers began to listen; see its log")


def _supervise(staff: Staff) -> int:
    while staff.pids:
        if signal.sigwait(_HANDLED) == signal.SIGCHLD:
            staff.reap()
            continue
        _dismiss(staff)
        return 0
    return 1


def _dismiss(staff: Staff) -> None:
    staff.reap()
    staff.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_LIMIT_S
    while staff.pids and (left_s := deadline - time.monotonic()) > 0:
        signal.sigtimedwait({signal.SIGCHLD}, left_s)
        staff.reap()
    staff.send(signal.SIGKILL)
