"""The book of marks: one line for each event of the drill, on the disk before anybody goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from drdrill.errors import EstateError
from drdrill.model.mark import Mark

OUT_OF_ORDER_NS = 2_000_000_000
"""Writers of different processes may overtake one another between the stamp and the write; a busy machine stretches that."""


class MarkBook:
    """Appends marks to one file. Any number of processes may share the file: a mark is a single appending write."""

    def __init__(self, path: Path, *, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._path = path
        self._now_ns = now_ns

    def add(self, name: str, source: str, **detail: Any) -> Mark:
        """Stamp, write and sync one mark, and return it; when this returns, the mark survives a power cut.

        Raises ``EstateError`` when it cannot be written in full: a drill whose events are not on record proves nothing.
        """
        mark = Mark(name=name, at_ns=self._now_ns(), source=source, detail=detail)
        line = mark.model_dump_json().encode() + b"\n"
        try:
            self._append(line)
        except OSError as error:
            raise EstateError(
                f"the mark {name} is not on record: {self._path} cannot be written ({error.strerror}); make room and "
                "perform the drill again"
            ) from error
        return mark

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            # A writer that died in the middle of a line must not spoil this one as well.
            whole = line if self._ends_whole(descriptor) else b"\n" + line
            written = os.write(descriptor, whole)
            if written != len(whole):
                raise OSError(28, "no room for a whole line")
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    @staticmethod
    def _ends_whole(descriptor: int) -> bool:
        size = os.fstat(descriptor).st_size
        return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def read_marks(path: Path) -> tuple[tuple[Mark, ...], tuple[str, ...]]:
    """All marks in the order of the file, and a sentence for every line that is none (torn by a writer's death).

    A mark that is older than the one before it is told as well: the clock of its writer, or the file, cannot be right. Raises ``OSError`` when the file cannot be read.
    """
    marks: list[Mark] = []
    problems: list[str] = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            marks.append(Mark.model_validate_json(line))
        except ValidationError:
            what = "was torn by the death of its writer" if number == len(lines) else "is not a mark"
            problems.append(f"a mark may be missing: line {number} of {path.name} {what} ({len(line)} bytes)")
    return tuple(marks), (*problems, *_going_back(path.name, marks))


def _going_back(name: str, marks: Sequence[Mark]) -> Iterator[str]:
    for before, mark in pairwise(marks):
        back_ns = before.at_ns - mark.at_ns
        if back_ns > OUT_OF_ORDER_NS:
            yield f"the marks in {name} go back in time: {mark.name} is {back_ns / 1e9:.3f} s older than {before.name} before it"
