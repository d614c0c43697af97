"""Starting processes that cannot outlive their parent, and ending them as whole trees."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import psutil

from drdrill.errors import EstateError
from drdrill.lab.mortality import die_with_parent
from drdrill.waiting import wait_until

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_CHILD_SUBREAPER = 36
ROUNDS_MAX = 50


def dying_with_me() -> Callable[[], None]:
    """What a child runs before its program starts (``preexec_fn``): the kernel then kills it when this process ends.

    To be used from the main thread alone, because the kernel watches the thread that started the child.
    """
    return partial(die_with_parent, os.getpid())


def adopt_orphans() -> None:
    """Make this process the one that inherits, and must reap, the orphans among its descendants."""
    if _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise EstateError(f"the lab was not opened: orphans cannot be adopted ({os.strerror(ctypes.get_errno())})")


def is_alive(process: psutil.Process) -> bool:
    """Whether the process still exists and is more than a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tree(roots: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The roots that are alive, and all their descendants."""
    found: dict[int, psutil.Process] = {}
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            if is_alive(root):
                found[root.pid] = root
                found.update({child.pid: child for child in root.children(recursive=True)})
    return list(found.values())


def freeze(roots: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Stop whole trees, and list them, until no process has appeared that was not stopped yet."""
    roots = list(roots)
    frozen: dict[int, psutil.Process] = {}
    for root in roots:
        _signal(root, signal.SIGSTOP)
    for _ in range(ROUNDS_MAX):
        new = [process for process in tree(roots) if process.pid not in frozen]
        if not new:
            return list(frozen.values())
        for process in new:
            _signal(process, signal.SIGSTOP)
            frozen[process.pid] = process
    raise EstateError(f"the processes were not all frozen: new ones still appeared after {ROUNDS_MAX} rounds")


def thaw(roots: Iterable[psutil.Process]) -> None:
    """Let whole trees run again."""
    for process in tree(roots):
        _signal(process, signal.SIGCONT)


def kill(roots: Iterable[psutil.Process], *, limit_s: float = 10.0) -> list[psutil.Process]:
    """Freeze whole trees, kill every process in them, and wait until all are gone; returns what was killed.

    Killing only a postmaster would let its sessions finish and commit what they were at. Raises ``EstateError`` when
    one is still alive after ``limit_s``.
    """
    killed = freeze(roots)
    for process in killed:
        _signal(process, signal.SIGKILL)
    wait_until(
        "the killed processes are gone",
        lambda: all(not is_alive(process) for process in killed),
        limit_s=limit_s,
        every_s=0.005,
        seen=lambda: f"alive: {[process.pid for process in killed if is_alive(process)]}",
        error=EstateError,
    )
    return killed


def reap(processes: Iterable[psutil.Process]) -> None:
    """Take away the zombies among processes that this process has inherited."""
    for process in processes:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def processes_of(directory: Path) -> list[psutil.Process]:
    """The lab's processes that belong to this directory: the lab's own programs, and PostgreSQL with its children."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and _belongs(process, directory):
                found.append(process)
    return found


def _belongs(process: psutil.Process, directory: Path) -> bool:
    """Ours by what it runs as well as by where: a person's shell or pager in the folder is not ours to end."""
    inside = f"{directory}/"
    words = process.cmdline()
    if any(word.startswith("drdrill.lab") for word in words):
        return any(inside in word for word in words)
    return process.name().startswith("postgres") and f"{process.cwd()}/".startswith(inside)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
