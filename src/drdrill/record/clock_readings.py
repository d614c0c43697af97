"""The readings of one recorder's clock, kept beside its record: one line each, on the disk before the next is taken."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from drdrill.errors import EstateError
from drdrill.model.frozen import Frozen
from drdrill.model.history import ClockReading

SUFFIX = ".clock.jsonl"


class ClockBookHeader(Frozen):
    """The first line: whose clock it was, in which drill."""

    drill_id: str
    recorder: int


def clock_book_of(record: Path) -> Path:
    """Where the readings of the recorder of ``record`` are."""
    return record.with_name(record.stem + SUFFIX)


class ClockBook:
    """Appends readings to a new file. Raises ``EstateError`` when it exists already, or cannot be written."""

    def __init__(self, path: Path, drill_id: str, recorder: int) -> None:
        self._path = path
        header = ClockBookHeader(drill_id=drill_id, recorder=recorder)
        self._write(header.model_dump_json(), os.O_CREAT | os.O_EXCL)

    def add(self, reading: ClockReading) -> None:
        """Write one reading; when this returns it survives the death of every process."""
        self._write(reading.model_dump_json(), 0)

    def _write(self, line: str, flags: int) -> None:
        content = line.encode() + b"\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
            try:
                written = os.write(descriptor, content)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise EstateError(
                f"the clock is not on record: {self._path} cannot be written ({error.strerror})"
            ) from error
        if written != len(content):
            raise EstateError(f"the clock is not on record: there is no room for a line of {self._path}")


def read_clock_book(path: Path, *, drill_id: str, recorder: int) -> tuple[tuple[ClockReading, ...], tuple[str, ...]]:
    """The readings in the order in which they were taken, and a sentence for everything that is not one.

    Readings of another drill or another recorder are none. Raises ``OSError`` when the file cannot be read.
    """
    first, *rest = path.read_bytes().split(b"\n")
    header = ClockBookHeader(drill_id=drill_id, recorder=recorder)
    try:
        told = ClockBookHeader.model_validate_json(first)
    except ValidationError:
        return (), (f"{path.name} holds no readings of a clock: its first line is not a header",)
    if told != header:
        whose = f"recorder {told.recorder} in the drill {told.drill_id!r}"
        return (), (f"{path.name} holds the clock of {whose}, not of recorder {recorder} in {drill_id!r}",)
    readings, torn = _readings(line for line in rest if line)
    return readings, (f"{torn} lines of {path.name} are no readings",) if torn else ()


def _readings(lines: Iterable[bytes]) -> tuple[tuple[ClockReading, ...], int]:
    readings, torn = [], 0
    for line in lines:
        try:
            readings.append(ClockReading.model_validate_json(line))
        except ValidationError:
            torn += 1
    return tuple(readings), torn
