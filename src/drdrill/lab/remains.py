"""A lab's directory: locked while the lab lives, and cleared with everything that belongs to it when it is dead."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from drdrill.errors import EstateError
from drdrill.lab import process_tree
from drdrill.lab.postgres.shared_memory import remove_segment

PREFIX = "drdrill-lab-"
_LOCK = "lock"


def new_directory() -> tuple[Path, int]:
    """A fresh directory for a lab and the descriptor that holds its lock, which the lab's processes share.

    Others may pass through it (PostgreSQL runs as another account when the lab runs as root) but not look into it.
    """
    try:
        directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        descriptor = os.open(directory / "unlocked", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        (directory / "unlocked").rename(directory / _LOCK)
        directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise EstateError(
            f"the lab was not opened: no directory can be made in {tempfile.gettempdir()} ({error.strerror}); "
            "free some space there, or set TMPDIR to a folder that can be written"
        ) from error
    return directory, descriptor


def sweep() -> list[Path]:
    """Clear every directory whose lab is dead; returns them. Other accounts' and living labs' are left alone."""
    swept = []
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        descriptor = _lock_of_the_dead(directory)
        if descriptor is None:
            continue
        try:
            clear(directory)
            swept.append(directory)
        finally:
            os.close(descriptor)
    return swept


def clear(directory: Path) -> None:
    """End the processes of a lab's directory, remove the shared memory of its servers, and remove it."""
    process_tree.kill(process_tree.processes_of(directory))
    for pid_file in directory.glob("*/*/postmaster.pid"):
        remove_segment(pid_file.parent)
    shutil.rmtree(directory, ignore_errors=False)


def _lock_of_the_dead(directory: Path) -> int | None:
    """The lock of a directory of ours that nobody holds any more."""
    with contextlib.suppress(OSError):
        if directory.is_symlink() or directory.stat().st_uid != os.geteuid():
            return None
        descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor
    return None
