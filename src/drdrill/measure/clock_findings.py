"""What is said of the clocks of recorders on other machines: measured, doubtful, or never measured at all."""

from __future__ import annotations

from collections.abc import Iterator, Set

import numpy as np

from drdrill.measure.clock import HOST_DRIFT, Course, course_of
from drdrill.measure.figures import counted, seconds_of
from drdrill.measure.findings import finding, unknown
from drdrill.measure.walk import PART
from drdrill.model.chain import chained
from drdrill.model.history import History
from drdrill.model.judgement import Finding, Verdict
from drdrill.model.mark import RECORDER_ENROLLED, RECORDER_RETURNED
from drdrill.model.operation import SEQUENCE_BITS, State

_NEVER = int(np.iinfo(np.int64).max)
_LIED = "its clock is not what was measured"
_TITLE, _ASKED = "The recorders' clocks", "every recorder's clock is the drill's, or was measured against it"


def clock_findings(history: History) -> Iterator[Finding]:
    """One finding when a recorder had a clock of its own, or should have had: where all shared the drill's there is nothing to say."""
    courses = {one.number: course_of(one.clock_readings) for one in history.recorders if one.clock_readings}
    doubts = [*_doubts(history, courses), *_out_of_life(history)]
    if doubts:
        yield unknown("clock", _TITLE, "; ".join(doubts), _ASKED)
    elif courses:
        yield _measured(history, courses)


def _measured(history: History, courses: dict[int, Course]) -> Finding:
    readings = sum(len(course.readings) for course in courses.values())
    bound = _ms(max(one.clock_bound_ns for one in history.recorders))
    told = f"{counted(readings, 'reading')} of {counted(len(courses), 'clock')} that were not the drill's, every time right to {bound}"
    drifts = [
        f"that of {one.name} changed by {_per_million(courses[one.number].fastest)}, so its times are right to {_ms(one.clock_bound_ns)} only"
        for one in history.recorders
        if one.number in courses and courses[one.number].fastest > HOST_DRIFT
    ]
    told = "; ".join([told, *drifts])
    heads = ("Every recorder's clock was measured", "")
    return finding("clock", _TITLE, heads, Verdict.PASS, told, observed=f"right to {bound}", objective=_ASKED)


def _doubts(history: History, courses: dict[int, Course]) -> Iterator[str]:
    for one in history.recorders:
        course = courses.get(one.number)
        if course is not None and course.ran_backwards:
            yield f"the clock of {one.name} ran backwards, so its times are right to {_ms(one.clock_bound_ns)} only"
        elif course is not None and course.jumped:
            yield (
                f"the clock of {one.name} jumped by {_ms(course.widest_ns)} between two readings (or its machine stood still), "
                f"so its times are right to {_ms(one.clock_bound_ns)} only"
            )


def _out_of_life(history: History) -> Iterator[str]:
    """Nobody sends before being given a number, or after handing the record over; who seems to has another clock than it says."""
    spans = _spans_ns(history, _when(history, RECORDER_ENROLLED).keys() | _when(history, RECORDER_RETURNED).keys())
    enrolled, returned = _when(history, RECORDER_ENROLLED), _when(history, RECORDER_RETURNED)
    for one in history.recorders:
        first_ns, last_ns = spans.get(one.number, (_NEVER, -_NEVER))
        early_ns = enrolled.get(one.number, -_NEVER) - first_ns - one.clock_offset_ns - one.clock_bound_ns
        late_ns = last_ns + one.clock_offset_ns - one.clock_bound_ns - returned.get(one.number, _NEVER)
        if early_ns > 0:
            yield f"{one.name} has an operation {_ms(early_ns)} before it was given its number: {_LIED}"
        if late_ns > 0:
            yield f"{one.name} has an operation {_ms(late_ns)} after its record was handed over: {_LIED}"


def _when(history: History, name: str) -> dict[int, int]:
    marks = [mark for mark in history.marks if mark.name == name]
    return {int(mark.detail["recorder"]): mark.at_ns for mark in marks if isinstance(mark.detail.get("recorder"), int)}


def _spans_ns(history: History, numbers: Set[int]) -> dict[int, tuple[int, int]]:
    """When the first operation of each of these recorders was due, and the last one done."""
    spans: dict[int, tuple[int, int]] = {}
    for _, rows in chained(history.operations).parts(PART) if numbers else ():
        recorder = rows["op_id"] >> SEQUENCE_BITS
        for number in numbers & set(np.unique(recorder).tolist()):
            mine = rows[(recorder == number) & (rows["state"] != State.EMPTY)]
            first_ns, last_ns = spans.get(number, (_NEVER, -_NEVER))
            spans[number] = (
                min(first_ns, int(mine["due_ns"].min(initial=_NEVER))),
                max(last_ns, int(mine["done_ns"].max(initial=-_NEVER))),
            )
    return spans


def _ms(duration_ns: int) -> str:
    if duration_ns >= 1_000_000_000:
        return f"{seconds_of(duration_ns):.3f} s"
    return f"{duration_ns / 1e6:.3f} ms"


def _per_million(rate: float) -> str:
    return f"at least {rate * 1e6:,.0f} microseconds a second"
