"""The record of operations: 64 bytes each in a memory-mapped file, written in two phases, whole after ``kill -9``.

A store to a shared mapping is in the kernel's hands at once, so it outlives the process, and it costs a fraction of a
system call. The invocation is stored before the request leaves, the completion when the answer is known; in both
phases the state byte is stored last, so a reader never sees half a phase. What can still be torn is told, not guessed.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Any, Self

import numpy as np

from drdrill.errors import BadInput, DrillError, EstateError, Unprovable
from drdrill.model.history import NOBODY, Recorder
from drdrill.model.operation import OPERATION, SEQUENCE_BITS, Operations, State
from drdrill.record.slots import Allowed, examine, last_invoked

MAGIC = b"DRDRLOPS"
VERSION = 1
HEADER_BYTES = 4096
SLOT_BYTES = OPERATION.itemsize
CHUNK_SLOTS = 1 << 16
"""The file grows by this many slots (4 MiB) at a time; the room is reserved, so a full disk is an error and not a crash."""

_SAMPLE = 1024
"""So many slots are asked whose they are."""

MAX_RECORDER = (1 << (63 - SEQUENCE_BITS)) - 1
"""Ids are signed 64-bit numbers in the bank's ledger."""

_PREFIX = Struct("<8sIIQQ")
"""Magic, version, length of the JSON, slots used (exact once closed), and 1 when the recorder closed its record."""
_USED_AT = 16
_CLOSED_AT = 24
_NUMBER = Struct("<Q")

_INVOCATION = Struct("<qBBBBBBHqiiqqqq")
_OUTCOME = Struct("<BBBH")
_ANSWER = Struct("<qq")
_STATE_AT = 10
_OUTCOME_AT = 11
_ANSWER_AT = 48


@dataclass(frozen=True)
class RecordHeader:
    """Who recorded: the recorder's number and name, its lists of names (region 0 is "none"), and its clock."""

    number: int
    name: str
    journeys: tuple[str, ...]
    regions: tuple[str, ...]
    drill_id: str
    clock_offset_ns: int = 0
    clock_bound_ns: int = 0

    def to_bytes(self) -> bytes:
        """The JSON as it stands in the file. Raises ``ValueError`` when it does not fit, or a name breaks a rule."""
        if not 0 < self.number <= MAX_RECORDER:
            raise ValueError(f"recorder number {self.number} is not between 1 and {MAX_RECORDER}")
        if not self.regions or self.regions[0] != "none":
            raise ValueError('the first region must be "none": it is what an operation has that no region answered')
        text = json.dumps(self.__dict__, sort_keys=True).encode()
        if len(text) > HEADER_BYTES - _PREFIX.size:
            raise ValueError(f"the names take {len(text)} bytes, and a header holds {HEADER_BYTES - _PREFIX.size}")
        return text


class OperationRecorder:
    """The record of one process. Not for two threads at once; two recorders never share a file or a number."""

    def __init__(self, path: Path, number: int, file: int, slots: mmap.mmap, capacity: int) -> None:
        self.path = path
        self.number = number
        self._first_id = number << SEQUENCE_BITS
        self._file = file
        self._slots = slots
        self._capacity = capacity
        self._used = 0

    @classmethod
    def create(
        cls,
        path: Path,
        number: int,
        name: str,
        journeys: Sequence[str],
        regions: Sequence[str],
        *,
        drill_id: str = "",
        capacity: int = CHUNK_SLOTS,
        clock_offset_ns: int = 0,
        clock_bound_ns: int = 0,
    ) -> OperationRecorder:
        """Begin a record in a new file with room for ``capacity`` operations (it grows by itself).

        ``clock_offset_ns`` is to be added to this process's times to get the drill's, right to ``clock_bound_ns``.
        Raises ``EstateError`` when the file exists already or there is no room for it.
        """
        header = RecordHeader(
            number, name, tuple(journeys), tuple(regions), drill_id, clock_offset_ns, clock_bound_ns
        ).to_bytes()
        try:
            file, slots = _new_file(path, HEADER_BYTES + capacity * SLOT_BYTES)
        except OSError as error:
            raise EstateError(
                f"no operation is sent: the record {path} cannot be begun ({error.strerror}); "
                "give it a new name, or room on the disk"
            ) from error
        # The magic comes last: a file that has it has a whole header, whenever its writer died.
        slots[_PREFIX.size : _PREFIX.size + len(header)] = header
        _PREFIX.pack_into(slots, 0, bytes(len(MAGIC)), VERSION, len(header), 0, 0)
        slots[: len(MAGIC)] = MAGIC
        return cls(path, number, file, slots, capacity)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, DrillError):
            self.close()
        else:
            self.abandon()

    @property
    def used(self) -> int:
        """How many operations have been invoked."""
        return self._used

    def invoke(
        self, journey: int, kind: int, amount_paise: int, debit: int, credit: int, due_ns: int, sent_ns: int
    ) -> int:
        """Record that an operation is about to be sent, and return its id; only then may a byte of it leave.

        ``sent_ns`` is 0 when it never will be. Raises ``Unprovable`` when the disk has no room for it.
        """
        sequence = self._used
        if sequence == self._capacity:
            self._grow()
        identity = self._first_id | sequence
        at = HEADER_BYTES + sequence * 64
        _INVOCATION.pack_into(
            self._slots, at, identity, journey, kind, 0, 0, 0, 0, 0, amount_paise, debit, credit, due_ns, sent_ns, 0, -1
        )
        self._slots[at + _STATE_AT] = 1
        self._used = sequence + 1
        return identity

    def complete(
        self,
        op_id: int,
        outcome: int,
        done_ns: int,
        status: int = 0,
        failure: int = 0,
        region: int = 0,
        seen_seq: int = -1,
    ) -> None:
        """Record how an invoked operation ended. An id that this recorder did not give out is an ``IndexError``."""
        sequence = op_id - self._first_id
        if not 0 <= sequence < self._used:
            raise IndexError(f"operation {op_id} was not invoked by recorder {self.number}")
        at = HEADER_BYTES + sequence * 64
        _OUTCOME.pack_into(self._slots, at + _OUTCOME_AT, outcome, region, failure, status)
        _ANSWER.pack_into(self._slots, at + _ANSWER_AT, done_ns, seen_seq)
        self._slots[at + _STATE_AT] = 2

    def close(self) -> None:
        """Say that nothing more comes, cut the file to what was used, and sync it. May be called twice."""
        if self._slots.closed:
            return
        self._slots.flush()  # all slots are on the disk before the header claims that they are
        os.ftruncate(self._file, HEADER_BYTES + self._used * SLOT_BYTES)
        _NUMBER.pack_into(self._slots, _USED_AT, self._used)
        _NUMBER.pack_into(self._slots, _CLOSED_AT, 1)
        self._slots.flush(0, HEADER_BYTES)
        self._slots.close()
        os.fsync(self._file)
        os.close(self._file)

    def abandon(self) -> None:
        """Leave the record as it is, unclosed: after an error that may have kept an answer from being recorded."""
        if not self._slots.closed:
            self._slots.close()
            os.close(self._file)

    def _grow(self) -> None:
        capacity = self._capacity + CHUNK_SLOTS
        size = HEADER_BYTES + capacity * SLOT_BYTES
        try:
            os.posix_fallocate(self._file, HEADER_BYTES + self._capacity * SLOT_BYTES, CHUNK_SLOTS * SLOT_BYTES)
            self._slots.resize(size)
        except OSError as error:
            raise Unprovable(
                f"no further operation is sent: {self.path} cannot grow beyond {self._used} operations "
                f"({error.strerror}); what was recorded is kept"
            ) from error
        self._capacity = capacity


def _new_file(path: Path, size: int) -> tuple[int, mmap.mmap]:
    """A file of this size that was not there before, and its mapping; on an error none is left behind."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
        return file, mmap.mmap(file, size)
    except OSError:
        os.close(file)
        path.unlink()
        raise


def read_operations(
    path: Path, *, drill_id: str | None = None, mapped: bool = False
) -> tuple[Operations, Recorder, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Read one record: operations (row = sequence), the recorder, names of journeys and regions, and problems.

    An invocation that was not finished was never sent, and is left out. A completion that was not finished did not
    happen: its operation stays invoked. Both are told. A slot in which no recorder's writes could have ended is
    emptied, counted as torn, and told. A clock that was seen to go back is told, and widens the clock's bound.

    ``mapped``: the operations of a closed record are the file's own pages, copied only where they are mended, so a record
    larger than the memory can be judged. (One that is not closed may still be cut by its writer, and is copied.) Raises ``BadInput`` when the file is no record,
    is of a foreign version, or belongs to a drill other than ``drill_id`` (None: any); ``OSError`` when it cannot be read.
    """
    header, used, closed, problems = _read_header(path, drill_id)
    slots = _read_slots(path, used if closed else None, problems, mapped=mapped)
    named = _number_in(slots[:_SAMPLE])
    if named not in (NOBODY, header.number):
        told = f"{path.name} says that it is recorder {header.number}'s, and its operations are recorder {named}'s"
        raise BadInput("nothing was read", [told])
    examined = examine(slots, Allowed(header.number, len(header.journeys), len(header.regions)))
    problems.extend(examined.sentences(path.name, len(slots)))
    recorder = Recorder(
        number=header.number,
        name=header.name,
        closed=closed and len(slots) == used,
        attempted=len(slots),
        torn=examined.torn,
        clock_offset_ns=header.clock_offset_ns,
        clock_bound_ns=max(header.clock_bound_ns, examined.clock_back_ns),
    )
    return slots, recorder, header.journeys, header.regions, tuple(problems)


def recorder_of_unread(path: Path, error: Exception) -> Recorder:
    """What can still be said of a record that cannot be read: perhaps whose it was, and why it is ``unusable``.

    The number is taken from the ids in its slots, else from the header; ``NOBODY`` when neither tells.
    """
    number = _number_in_slots(path)
    with suppress(BadInput, OSError):
        number = number or _read_header(path, None)[0].number
    unusable = "; ".join(error.problems) if isinstance(error, BadInput) else f"{path.name} cannot be read ({error})"
    return Recorder(number=number, name=path.stem, closed=False, attempted=0, unusable=unusable)


def first_sent(path: Path) -> bool:
    """Whether the recorder of this file has invoked its first operation: the condition for "traffic runs"."""
    try:
        with path.open("rb") as file:
            file.seek(HEADER_BYTES + _STATE_AT)
            state = file.read(1)
    except FileNotFoundError:
        return False
    return state not in (b"", b"\0")


def _read_header(path: Path, drill_id: str | None) -> tuple[RecordHeader, int, bool, list[str]]:
    with path.open("rb") as file:
        block = file.read(HEADER_BYTES)
    if len(block) < HEADER_BYTES:
        raise BadInput(
            "nothing was read", [f"{path.name} is not a record: it holds {len(block)} bytes, less than a header"]
        )
    magic, version, length, used, closed = _PREFIX.unpack_from(block)
    if magic == bytes(len(MAGIC)):
        raise BadInput("nothing was read", [f"{path.name} has no header: its writer died before it sent anything"])
    if magic != MAGIC:
        raise BadInput("nothing was read", [f"{path.name} is not a record: it begins with {magic!r}"])
    if version != VERSION:
        raise BadInput(
            "nothing was read", [f"{path.name} is of version {version}, and this drdrill reads version {VERSION}"]
        )
    try:
        told: dict[str, Any] = json.loads(block[_PREFIX.size : _PREFIX.size + length])
        lists = {"journeys": tuple(told["journeys"]), "regions": tuple(told["regions"])}
        header = RecordHeader(**{**told, **lists})
        header.to_bytes()
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("nothing was read", [f"the header of {path.name} is damaged ({error})"]) from None
    if drill_id is not None and header.drill_id != drill_id:
        raise BadInput(
            "nothing was read", [f"{path.name} is of the drill {header.drill_id!r}, and this one is {drill_id!r}"]
        )
    problems = [] if closed in (0, 1) else [f"the header of {path.name} is damaged: its closed flag is {closed}"]
    return header, used, closed == 1, problems


def _read_slots(path: Path, used: int | None, problems: list[str], *, mapped: bool) -> Operations:
    held, rest = divmod(max(path.stat().st_size - HEADER_BYTES, 0), SLOT_BYTES)
    if rest:
        problems.append(f"{path.name} is cut in the middle of an operation: {rest} bytes of it are left")
    if used is not None and used != held:
        problems.append(f"{path.name} was closed with {used} operations, and holds {held}")
    slots = _slots(path, held, mapped=mapped and used is not None)
    if used is not None:
        return slots[:used]
    used, halves = last_invoked(slots)
    if halves:
        problems.append(
            f"{path.name} ends with {halves} half-written operation{'s' * (halves > 1)}, which its recorder died before it "
            "sent; nothing of it is judged"
        )
    return slots[:used].copy()


def _slots(path: Path, held: int, *, mapped: bool) -> Operations:
    if mapped and held:
        private = np.memmap(path, dtype=OPERATION, mode="c", offset=HEADER_BYTES, shape=(held,))
        return np.asarray(private)
    return np.fromfile(path, dtype=OPERATION, count=held, offset=HEADER_BYTES)


def _number_in_slots(path: Path) -> int:
    try:
        return _number_in(np.fromfile(path, dtype=OPERATION, count=_SAMPLE, offset=HEADER_BYTES))
    except OSError:
        return NOBODY


def _number_in(slots: Operations) -> int:
    """The recorder that most of some slots name; ``NOBODY`` when they are empty, or name none that there can be."""
    ids = slots["op_id"][slots["state"] != State.EMPTY]
    numbers, counts = np.unique(ids >> SEQUENCE_BITS, return_counts=True)
    likely = int(numbers[counts.argmax()]) if len(numbers) else NOBODY
    return likely if 0 < likely <= MAX_RECORDER and 2 * counts.max() > len(slots) else NOBODY
