"""A record changes hands: the files first, then a receipt that says what they are. Without a receipt nothing was handed over."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from drdrill.errors import DrillError
from drdrill.model.frozen import Frozen
from drdrill.record.clock_readings import SUFFIX as CLOCK_SUFFIX
from drdrill.record.clock_readings import clock_book_of, read_clock_book
from drdrill.record.folder import write_durably
from drdrill.traffic.place import Place, PlaceError
from drdrill.waiting import wait_until

RECORD_SUFFIX, RECEIPT_SUFFIX = ".ops", ".receipt.json"


class HandedFile(Frozen):
    """One file that changed hands."""

    name: str
    bytes: int
    sha256: str


class Receipt(Frozen):
    """What one recorder handed over: its record and the readings of its clock, which are ``readings`` many."""

    format: Literal["drdrill-receipt/1"] = "drdrill-receipt/1"
    drill_id: str
    recorder: int
    name: str
    files: tuple[HandedFile, ...]
    readings: int
    first_offset_ns: int | None
    last_offset_ns: int | None
    worst_error_ns: int | None


def hand_over(place: Place, record: Path, drill_id: str, recorder: int) -> Receipt:
    """Give one record, as it is, with its readings and a receipt. Raises ``PlaceError``; may then be tried again."""
    files = [path for path in (record, clock_book_of(record)) if path.is_file()]
    receipt = _receipt(files, record, drill_id, recorder)
    for path in files:
        place.put(path, path.name)
    paper = record.with_name(record.stem + RECEIPT_SUFFIX)
    write_durably(paper, (receipt.model_dump_json(indent=1) + "\n").encode())
    place.put(paper, paper.name)
    return receipt


def _receipt(files: list[Path], record: Path, drill_id: str, recorder: int) -> Receipt:
    book = clock_book_of(record)
    readings = read_clock_book(book, drill_id=drill_id, recorder=recorder)[0] if book.is_file() else ()
    return Receipt(
        drill_id=drill_id,
        recorder=recorder,
        name=record.stem,
        files=tuple(_handed(path) for path in files),
        readings=len(readings),
        first_offset_ns=readings[0].offset_ns if readings else None,
        last_offset_ns=readings[-1].offset_ns if readings else None,
        worst_error_ns=max((one.error_ns for one in readings), default=None),
    )


def _handed(path: Path) -> HandedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return HandedFile(name=path.name, bytes=path.stat().st_size, sha256=digest)


@dataclass
class Collected:
    """What came in: the names of the recorders, and why each other one has no record here."""

    came: list[str] = field(default_factory=list)
    missing: dict[int, str] = field(default_factory=dict)


def collect(
    place: Place,
    drill_id: str,
    recorders: Mapping[int, str],
    into: Path,
    *,
    limit_s: float,
    tell: Callable[[str], None],
) -> Collected:
    """Take the records of ``recorders`` (number, name) out of the place, as they come, for at most ``limit_s``.

    Whatever is not what its receipt says, belongs to another drill or another recorder, or never comes, stays out of ``into``,
    and the sentence in ``missing`` says so. A file is taken away only after its copy is on the disk.
    """
    taking = _Taking(place, drill_id, dict(recorders), into)
    try:
        wait_until("every record was handed over", taking.look, limit_s=limit_s, every_s=0.1)
    except DrillError:
        late = f"its record was not handed over within {limit_s:g} s"
        for number in taking.awaited:
            taking.collected.missing[number] = taking.trouble or late
    for name in taking.strangers():
        tell(f"left where it is, because nobody here expected it: {name}")
    return taking.collected


class _Taking:
    def __init__(self, place: Place, drill_id: str, awaited: dict[int, str], into: Path) -> None:
        self._place = place
        self._drill_id = drill_id
        self._into = into
        self._seen: frozenset[str] = frozenset()
        self._expected = {
            name + suffix for name in awaited.values() for suffix in (RECORD_SUFFIX, CLOCK_SUFFIX, RECEIPT_SUFFIX)
        }
        self.awaited = awaited
        self.collected = Collected()
        self.trouble = ""

    def look(self) -> bool:
        """Take what is complete; true when nothing is awaited any more."""
        try:
            self._seen = self._place.names()
            for number, name in list(self.awaited.items()):
                if name + RECEIPT_SUFFIX in self._seen:
                    self._take(number, name)
                    del self.awaited[number]
            self.trouble = ""
        except PlaceError as error:
            self.trouble = f"the place where records are handed over could not be read ({error})"
        return not self.awaited

    def strangers(self) -> list[str]:
        """Files that no recorder of this drill was expected to leave."""
        return sorted(self._seen - self._expected)

    def _take(self, number: int, name: str) -> None:
        with tempfile.TemporaryDirectory(dir=self._into.parent, prefix=".taking-") as folder:
            paper = Path(folder) / (name + RECEIPT_SUFFIX)
            self._place.fetch(paper.name, paper)
            why = self._refusal(Path(folder), paper, number, name)
            if why is not None:
                self.collected.missing[number] = why
                return
            taken = sorted(Path(folder).iterdir())
            for path in taken:
                path.replace(self._into / path.name)
            for path in taken:
                self._place.remove(path.name)
        self.collected.came.append(name)

    def _refusal(self, folder: Path, paper: Path, number: int, name: str) -> str | None:
        """Fetch what the receipt names; why it is refused, or None."""
        try:
            receipt = Receipt.model_validate_json(paper.read_bytes())
        except ValidationError as error:
            return f"its receipt cannot be read ({error.error_count()} problems)"
        if receipt.drill_id != self._drill_id:
            return f"what was handed over is of the drill {receipt.drill_id!r}"
        if (receipt.recorder, receipt.name) != (number, name):
            return f"its receipt is that of recorder {receipt.recorder}, {receipt.name}"
        names = [file.name for file in receipt.files]
        if name + RECORD_SUFFIX not in names or not set(names) <= {name + RECORD_SUFFIX, name + CLOCK_SUFFIX}:
            return f"its receipt names {', '.join(names) or 'no file'}, where {name + RECORD_SUFFIX} is wanted"
        for file in receipt.files:
            if file.name not in self._seen:
                return f"{file.name} was not handed over, although its receipt was"
            self._place.fetch(file.name, folder / file.name)
            if _handed(folder / file.name) != file:
                return f"{file.name} is not what was handed over (its SHA-256 or its size differs from the receipt)"
        return None
