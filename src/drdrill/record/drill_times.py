"""A record on the drill's clock: what its recorder's readings make of its times, or why nothing can be made of them."""

from __future__ import annotations

from pathlib import Path

from drdrill.measure.clock import corrected, course_of
from drdrill.model.history import UNMEASURED_NS, ClockReading, Recorder
from drdrill.model.operation import Operations
from drdrill.record.clock_readings import clock_book_of, read_clock_book


def on_the_drills_clock(
    path: Path, drill_id: str, operations: Operations, recorder: Recorder, problems: list[str]
) -> tuple[Operations, Recorder]:
    """The operations of one record and its recorder as judgement may use them; sentences are added to ``problems``.

    A recorder on the drill's own machine has the drill's clock, and comes back as it is. One with a clock of its own is moved by
    its readings; without any, its operations are left out and the recorder says why.
    """
    if recorder.clock_bound_ns < UNMEASURED_NS:
        return operations, recorder
    book = clock_book_of(path)
    readings: tuple[ClockReading, ...] = ()
    if book.is_file():
        readings, torn = read_clock_book(book, drill_id=drill_id, recorder=recorder.number)
        problems.extend(torn)
    if not readings:
        why = f"the clock of {recorder.name} was never measured against the drill's, so none of its times can be used"
        changes = {"closed": False, "attempted": 0, "torn": 0, "clock_bound_ns": 0, "unusable": why}
        return operations[:0], recorder.model_copy(update=changes)
    moved = corrected(operations, course_of(readings))
    if moved.uncovered:
        problems.append(
            f"{moved.uncovered} operations of {recorder.name} lie before the first or after the last reading of its clock"
        )
    changes = {"clock_offset_ns": 0, "clock_bound_ns": moved.bound_ns, "clock_readings": readings}
    return moved.operations, recorder.model_copy(update=changes)
