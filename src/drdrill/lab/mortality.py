"""Linux keeps no orphan of ours: a process may ask to be killed when its parent dies, and may bear a name."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
NAME_BYTES_MAX = 15

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Be killed when the process ``parent``, which must be the direct parent, dies, even by SIGKILL."""
    if _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel does not tie this process to its parent")
    if os.getppid() != parent:  # it died before the line above
        os.kill(os.getpid(), signal.SIGKILL)


def name_process(name: str) -> None:
    """Show this name (its first 15 bytes) in process lists."""
    _libc.prctl(_PR_SET_NAME, name.encode()[:NAME_BYTES_MAX], 0, 0, 0)
