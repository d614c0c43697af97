"""Traffic never outlives the drill: a process on the leash is ended, politely, when its parent dies, even by ``kill -9``."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Mapping

LEASH = "DRDRILL_LEASH"
"""Environment variable: the process id of the parent that holds the leash."""

_PR_SET_PDEATHSIG = 1


def accept_leash(environment: Mapping[str, str] = os.environ, *, forked: bool = False) -> None:
    """Get SIGTERM when the parent dies, if a parent asked for that; SIGTERM is sent at once if it is dead already.

    ``forked`` when this process was forked by the one on the leash: it then is tied to that. The kernel means the
    *thread* that started this process: start traffic from a thread that stays.
    """
    if LEASH not in environment:
        return
    holder = os.getppid() if forked else int(environment[LEASH])
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel does not tie this process to its parent")
    if os.getppid() != holder:
        os.kill(os.getpid(), signal.SIGTERM)
