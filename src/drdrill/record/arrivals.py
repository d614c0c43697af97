"""Arrivals as somebody recorded them: when each request came and, if it is told, for which journey. Read whole, or refused whole."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import numpy.typing as npt

from drdrill.errors import BadInput
from drdrill.model.operation import State
from drdrill.record.operations import MAGIC, read_operations

ANY_JOURNEY = -1
"""The file does not say which journey this arrival was."""

TOLD_MAX = 20
"""So many bad lines are told one by one; of further ones the number."""

_NOTHING_SENT = "nothing is sent"
_HEADERS = (["due_s"], ["due_s", "journey"])

_TIME_MAX_S = 9_000_000_000
"""Nanoseconds are signed 64-bit numbers."""

Journeys = npt.NDArray[np.int8]


@dataclass(frozen=True)
class RecordedArrivals:
    """``offsets_ns`` from the first arrival, in order; ``journeys`` are places in the list that was asked for, or ``ANY_JOURNEY``."""

    offsets_ns: npt.NDArray[np.int64]
    journeys: Journeys
    sha256: str

    @property
    def span_s(self) -> float:
        """From the first arrival to the last."""
        return float(self.offsets_ns[-1]) / 1e9


def read_arrivals(path: Path, journeys: Sequence[str]) -> RecordedArrivals:
    """Read a text file or a record of operations; the first arrival is the zero of time.

    A text file has one arrival a line: its time in seconds, and after a comma its journey if that is known. The first line may be
    the heading ``due_s`` or ``due_s,journey``; empty lines and lines that begin with ``#`` are no arrivals. Of a record (``*.ops``) the
    due times count, whatever became of the operations. Raises ``BadInput`` with every bad line, by its number: nothing is left out.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(_NOTHING_SENT, [f"the arrivals {path} cannot be read ({error.strerror})"]) from None
    if data.startswith(MAGIC):
        times_ns, codes = _of_record(path, journeys)
    else:
        times_ns, codes = _of_text(path, data, journeys)
    return RecordedArrivals(times_ns - times_ns[0], codes, hashlib.sha256(data).hexdigest())


def _of_record(path: Path, journeys: Sequence[str]) -> tuple[npt.NDArray[np.int64], Journeys]:
    operations, _, names, _, problems = read_operations(path)
    used = operations[operations["state"] != State.EMPTY]
    foreign = sorted({names[code] for code in np.unique(used["journey"])} - set(journeys))
    problems = (*problems, *(f"{path} has the journey {name!r}; known are {', '.join(journeys)}" for name in foreign))
    if not len(used):
        problems = (*problems, f"{path} holds no arrival")
    if problems:
        raise BadInput(_NOTHING_SENT, problems)
    places = np.array([journeys.index(name) if name in journeys else ANY_JOURNEY for name in names], dtype=np.int8)
    order = np.argsort(used["due_ns"], kind="stable")
    return used["due_ns"][order].astype(np.int64), places[used["journey"][order]]


def _of_text(path: Path, data: bytes, journeys: Sequence[str]) -> tuple[npt.NDArray[np.int64], Journeys]:
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(
            _NOTHING_SENT, [f"{path} is neither text nor a record (byte {error.start} is no UTF-8)"]
        ) from None
    reading = _Reading({name: code for code, name in enumerate(journeys)})
    for number, words in _rows(lines):
        reading.take(number, words)
    if not reading.times_ns and not reading.problems:
        reading.problems.append("it holds no arrival")
    if reading.problems:
        raise BadInput(_NOTHING_SENT, [f"{path}: {problem}" for problem in _first(reading.problems)])
    return np.array(reading.times_ns, dtype=np.int64), np.array(reading.codes, dtype=np.int8)


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines that say something, with their numbers; the heading is none of them."""
    heading_may_come = True
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = [word.strip() for word in next(csv.reader([line]))]
        if not (heading_may_come and words in _HEADERS):
            yield number, words
        heading_may_come = False


def _first(problems: list[str]) -> list[str]:
    more = len(problems) - TOLD_MAX
    return problems if more <= 0 else [*problems[:TOLD_MAX], f"and {more} more bad lines"]


def _nanoseconds(text: str) -> int | None:
    """Exact, because seconds since 1970 have more digits than a float holds."""
    try:
        time_s = Decimal(text)
    except InvalidOperation:
        return None
    return int(time_s.scaleb(9).to_integral_value()) if time_s.is_finite() and abs(time_s) < _TIME_MAX_S else None


class _Reading:
    """Lines, one after another, as times and journeys, or as problems."""

    def __init__(self, codes: dict[str, int]) -> None:
        self._codes = codes
        self.times_ns: list[int] = []
        self.codes: list[int] = []
        self.problems: list[str] = []

    def take(self, number: int, words: list[str]) -> None:
        """One line; what is wrong with it is told with its number."""
        problem = self._problem(words)
        if problem:
            self.problems.append(f"line {number}: {problem}")

    def _problem(self, words: list[str]) -> str | None:
        if len(words) > 2:
            return f"{len(words)} columns where a time and a journey are expected"
        time_ns = _nanoseconds(words[0])
        if time_ns is None:
            return f"{words[0]!r} is not a time in seconds"
        if self.times_ns and time_ns < self.times_ns[-1]:
            return f"{words[0]} s is before the arrival that stands before it ({self.times_ns[-1] / 1e9:.9g} s)"
        journey = words[1] if len(words) == 2 else ""
        if journey and journey not in self._codes:
            return f"there is no journey {journey!r}; known are {', '.join(self._codes)}"
        self.times_ns.append(time_ns)
        self.codes.append(self._codes[journey] if journey else ANY_JOURNEY)
        return None
