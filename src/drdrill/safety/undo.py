"""How every fault is taken back, on disk before it is injected: data that any process can act on, never code."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from drdrill.model.fault import Fault, Undo
from drdrill.model.frozen import Frozen


class UndoLine(Frozen):
    """One line of the book. A fault is open from its ``open`` line to a ``closed`` one; ``because`` says why it is closed."""

    state: Literal["open", "closed"]
    undo: Undo
    because: str = ""


class UndoBook:
    """``undo.jsonl``: appended and synced line by line, shared by every process of a drill."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open_for(self, fault: Fault) -> Undo:
        """Write down how ``fault`` is taken back. Returns only when that is on disk."""
        undo = Undo(undo_id=uuid.uuid4().hex, fault=fault.name, parameters=fault.parameters())
        self._append(UndoLine(state="open", undo=undo))
        return undo

    def close(self, undo: Undo, because: str) -> None:
        """The fault is gone, and that was shown."""
        self._append(UndoLine(state="closed", undo=undo, because=because))

    def open_undos(self) -> tuple[Undo, ...]:
        """Faults that may still be in force, newest first: the order in which they are to be healed."""
        open_ones: dict[str, Undo] = {}
        for line in self._lines():
            if line.state == "open":
                open_ones[line.undo.undo_id] = line.undo
            else:
                open_ones.pop(line.undo.undo_id, None)
        return tuple(reversed(open_ones.values()))

    @contextmanager
    def healing(self) -> Iterator[None]:
        """Only one process heals at a time; the second waits, and then finds nothing open."""
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _append(self, line: UndoLine) -> None:
        # The leading line break ends a line that a dying process left torn: it must not swallow this one.
        text = "\n" + line.model_dump_json() + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _lines(self) -> Iterator[UndoLine]:
        if not self._path.exists():
            return
        for text in self._path.read_bytes().splitlines():
            try:
                yield UndoLine.model_validate_json(text)
            except ValidationError:
                # Torn: open_for never returned, so nothing was injected on the strength of this line. Or it is blank.
                continue
