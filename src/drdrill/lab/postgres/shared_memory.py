"""The small System V segment that every killed PostgreSQL leaves behind."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

from drdrill.errors import EstateError

_LIBC = ctypes.CDLL(None, use_errno=True)
_IPC_RMID = 0
_GONE = (errno.EINVAL, errno.EIDRM)
_KEY_LINE = 6


def segment_of(data: Path) -> int | None:
    """The identifier in the ``postmaster.pid`` of a data directory; None when it has none."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    words = lines[_KEY_LINE].split() if len(lines) > _KEY_LINE else []
    return int(words[1]) if len(words) == 2 else None


def remove_segment(data: Path) -> None:
    """Remove what a killed server left: its segment and its ``postmaster.pid``. The server must be gone."""
    segment = segment_of(data)
    if segment is not None and _LIBC.shmctl(segment, _IPC_RMID, None) != 0:
        number = ctypes.get_errno()
        if number not in _GONE:
            raise EstateError(
                f"shared memory segment {segment} of {data} was left behind: it cannot be removed ({os.strerror(number)}); "
                f"remove it with: ipcrm -m {segment}"
            )
    (data / "postmaster.pid").unlink(missing_ok=True)
