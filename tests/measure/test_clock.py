"""Clocks: every time of a recorder elsewhere is right to its bound, whatever its clock did that a clock can do."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drdrill.measure import judge
from drdrill.measure.clock import HOST_DRIFT, Course, corrected, course_of
from drdrill.measure.story import story
from drdrill.model.history import ClockReading, History
from drdrill.model.judgement import Finding, Verdict
from drdrill.model.mark import RECORDER_ENROLLED, RECORDER_LOST, RECORDER_RETURNED, Mark
from drdrill.model.operation import OPERATION

MS = 1_000_000
S = 1_000_000_000


def reading(at_ns: int, offset_ns: int, error_ns: int = 0) -> ClockReading:
    return ClockReading(at_ns=at_ns, offset_ns=offset_ns, error_ns=error_ns)


def errors_ns(course: Course, times: list[int], offsets: list[int]) -> npt.NDArray[np.int64]:
    return np.abs(course.offsets_ns(np.array(times, dtype=np.int64)) - np.array(offsets, dtype=np.int64))


def test_between_two_readings_the_offset_is_a_straight_line() -> None:
    course = course_of([reading(0, 100), reading(10 * S, 100 + 2 * MS)])
    assert course.offsets_ns(np.array([0, 5 * S, 10 * S])).tolist() == [100, 100 + MS, 100 + 2 * MS]


def test_a_single_reading_holds_everywhere_and_its_error_is_the_bound() -> None:
    course = course_of([reading(5 * S, -3 * S, 70_000)])
    assert course.offsets_ns(np.array([0, 9 * S])).tolist() == [-3 * S, -3 * S]
    assert course.bound_ns == 70_000


def test_nanoseconds_survive_a_machine_that_has_run_for_a_year() -> None:
    year_ns = 365 * 86_400 * S
    course = course_of([reading(year_ns, -year_ns + 7), reading(year_ns + S, -year_ns + 9)])
    assert course.offsets_ns(np.array([year_ns, year_ns + S])).tolist() == [-year_ns + 7, -year_ns + 9]


spans = st.lists(st.tuples(st.integers(10 * MS, 3 * S), st.floats(-HOST_DRIFT, HOST_DRIFT)), min_size=2, max_size=12)


@settings(max_examples=200, deadline=None)
@given(spans, st.integers(-S, S), st.lists(st.floats(-1, 1), min_size=13, max_size=13), st.integers(1, 5 * MS))
def test_the_truth_is_within_the_bound_while_the_clock_is_sound(
    spans: list[tuple[int, float]], offset_ns: int, luck: list[float], error_ns: int
) -> None:
    """The rate changes at will within what a sound clock does; every second knot is read, with any error up to the error."""
    knots = list(accumulate((span for span, _ in spans), initial=0))
    truth = [offset_ns + round(sum(span * rate for span, rate in spans[:number])) for number in range(len(knots))]
    read = sorted({*range(0, len(knots), 2), len(knots) - 1})
    course = course_of([reading(knots[one], truth[one] + round(luck[one] * error_ns), error_ns) for one in read])
    assert course.widest_ns == 0, "a sound clock is not accused"
    assert errors_ns(course, knots, truth).max() <= course.bound_ns + 1


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 19), st.integers(-5 * S, 5 * S), st.floats(-HOST_DRIFT, HOST_DRIFT), st.integers(0, MS))
def test_the_truth_is_within_the_bound_when_the_clock_jumps_and_drifts(
    jumps_before: int, jump_ns: int, rate: float, error_ns: int
) -> None:
    """It jumps once, anywhere between two readings or at one, by much or by less than a sound clock drifts."""
    knots = [number * 100 * MS for number in range(20)]
    truth = [round(at * rate) + (jump_ns if number >= jumps_before else 0) for number, at in enumerate(knots)]
    if jump_ns < 0:  # what is added falls when the recorder's clock leaps forward: its own times leave a gap
        knots = [at - (jump_ns if number >= jumps_before else 0) for number, at in enumerate(knots)]
    read = sorted({*range(0, 20, 5), 19})
    if any(knots[later] <= knots[earlier] for earlier, later in pairwise(read)):
        return
    course = course_of([reading(knots[one], truth[one], error_ns) for one in read])
    assert errors_ns(course, knots, truth).max() <= course.bound_ns


@settings(max_examples=100, deadline=None)
@given(st.floats(-0.05, 0.05), st.integers(0, MS))
def test_the_truth_is_within_the_bound_of_a_clock_that_drifts_too_fast(rate: float, error_ns: int) -> None:
    knots = [number * 100 * MS for number in range(20)]
    truth = [round(at * rate) for at in knots]
    course = course_of([reading(knots[one], truth[one], error_ns) for one in (0, 5, 10, 15, 19)])
    assert errors_ns(course, knots, truth).max() <= course.bound_ns
    assert not course.jumped


def test_a_clock_that_runs_backwards_is_known_to_the_whole_span_only() -> None:
    course = course_of([reading(10 * S, 0), reading(8 * S, 2 * S), reading(12 * S, 2 * S)])
    assert course.ran_backwards
    assert course.jumped
    assert errors_ns(course, [9 * S, 9 * S], [0, 2 * S]).max() <= course.bound_ns


def test_drift_is_not_a_jump_and_a_jump_is_not_drift() -> None:
    drifting = course_of([reading(0, 0, 50_000), reading(S // 2, 5 * MS, 50_000)])
    assert not drifting.jumped
    assert drifting.fastest == pytest.approx(0.0098)
    assert drifting.widest_ns == 5 * MS
    jumped = course_of([reading(0, 0), reading(S // 2, 200 * MS), reading(S, 200 * MS)])
    assert jumped.jumped
    assert jumped.bound_ns > 200 * MS


def test_what_was_not_read_about_is_counted_and_widens_the_bound() -> None:
    operations = np.zeros(3, dtype=OPERATION)
    operations["due_ns"] = operations["sent_ns"] = [1 * S, 5 * S, 30 * S]
    operations["done_ns"] = [2 * S, 0, 31 * S]
    moved = corrected(operations, course_of([reading(1 * S, 100), reading(21 * S, 100)]))
    assert moved.operations["due_ns"].tolist() == [1 * S + 100, 5 * S + 100, 30 * S + 100]
    assert moved.operations["done_ns"].tolist() == [2 * S + 100, 0, 31 * S + 100], "what did not happen stays so"
    assert moved.uncovered == 1
    assert moved.bound_ns == round(HOST_DRIFT * 30 * S) + 1 + round(HOST_DRIFT * 10 * S)
    assert operations["due_ns"][0] == S, "the record itself is not touched"


# What the judge says of it

QUIET = "transfer every 0.05: 90..100+ 100..102? 102..130+ | survivors all | objective rto=30"


def clock_of(history: History) -> list[Finding]:
    return [one for one in judge(history).findings if one.id == "clock"]


def measured(*readings: ClockReading, line: str = QUIET, marks: tuple[Mark, ...] = (), bound_ns: int = MS) -> History:
    told = story(line)
    recorders = tuple(
        one.model_copy(update={"clock_readings": readings, "clock_bound_ns": bound_ns}) for one in told.recorders
    )
    return History(**{**told.__dict__, "recorders": recorders, "marks": (*told.marks, *marks)})


def test_on_one_machine_nothing_is_said_of_clocks() -> None:
    assert clock_of(story(QUIET)) == []


def test_measured_clocks_pass_with_their_bound() -> None:
    (found,) = clock_of(measured(reading(0, 5), reading(S, 5)))
    assert found.verdict is Verdict.PASS
    assert found.reason == (
        "Every recorder's clock was measured: 2 readings of 1 clock that were not the drill's, every time right to 1.000 ms"
    )


def test_a_clock_that_jumped_is_unknown() -> None:
    (found,) = clock_of(measured(reading(0, 0), reading(S, 3 * S), bound_ns=3 * S))
    assert found.verdict is Verdict.UNKNOWN
    assert "jumped by 3.000 s between two readings" in found.reason


def at(name: str, seconds: float) -> Mark:
    return Mark(name=name, at_ns=round(seconds * S), source="fleet", detail={"recorder": 1})


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        (at(RECORDER_ENROLLED, 90.5), "recorder-1 has an operation 499.000 ms before it was given its number"),
        (at(RECORDER_RETURNED, 120), "recorder-1 has an operation 9.959 s after its record was handed over"),
    ],
)
def test_who_sends_outside_of_its_life_has_another_clock_than_it_says(mark: Mark, told: str) -> None:
    (found,) = clock_of(measured(reading(0, 0), reading(S, 0), marks=(mark,)))
    assert found.verdict is Verdict.UNKNOWN
    assert told in found.reason


def test_who_sends_within_its_life_is_believed() -> None:
    (found,) = clock_of(
        measured(reading(0, 0), reading(S, 0), marks=(at(RECORDER_ENROLLED, 89), at(RECORDER_RETURNED, 133)))
    )
    assert found.verdict is Verdict.PASS


def test_around_the_proof_the_clocks_decide_how_many_writes_were_a_split_brain() -> None:
    """Sent 2 ms after the disaster had bitten, by a clock that is known to 5 ms: perhaps before."""
    line = "9001+@100.052 9002+@100.2 | transfer every 0.05: 90..100+ 110..130+ | survivors all but 9001 9002"
    (sure,) = [one for one in judge(story(line)).findings if one.id == "split-brain"]
    assert (sure.interval.low, sure.interval.high) == (2, 2)
    (found,) = [one for one in judge(story(line + " | recorder 1 bound 0.005")).findings if one.id == "split-brain"]
    assert (found.interval.low, found.interval.high) == (1, 2)
    assert found.verdict is Verdict.FAIL


def test_a_write_that_may_have_been_sent_after_the_read_began_makes_it_invalid() -> None:
    line = "transfer every 0.05: 90..100+ 102..130+ | survivors all @130.01"
    assert judge(story(line)).loss.valid
    loss = judge(story(line + " | recorder 1 bound 0.5")).loss
    assert "a write may still have been sent" in str(loss.invalid_because)


# Recorders that are not there


THERE = "5:3+@95 5:4+@96 | transfer every 0.05: 90..100+ 100..102? 102..130+ | survivors all | objective rto=30 loss=0"
"""Recorder 5 saw two promises, and both were kept."""

LOST = {"recorder": 5, "reason": "its record was not handed over within 60 s"}


def absent(line: str, detail: dict[str, object] | None) -> History:
    """The story without the record of recorder 5, and with the mark that says so (None: without it)."""
    told = story(line)
    lost = [] if detail is None else [Mark(name=RECORDER_LOST, at_ns=140 * S, source="fleet", detail=detail)]
    others = told.operations[:][told.operations["op_id"] >> 40 != 5]
    recorders = tuple(one for one in told.recorders if one.number != 5)
    return History(**{**told.__dict__, "operations": others, "recorders": recorders, "marks": (*told.marks, *lost)})


def test_what_an_absent_recorder_saw_cannot_acquit() -> None:
    judgement = judge(absent(THERE, LOST))
    found = {one.id: one.verdict for one in judgement.findings}
    assert {found[one] for one in ("rto.transfer", "loss", "stranger", "record")} == {Verdict.UNKNOWN}
    assert Verdict.FAIL not in found.values(), "payments that an absent recorder asked for are not strangers"
    assert judgement.loss.classes["unrecorded"].operations == 2
    record = next(one for one in judgement.findings if one.id == "record")
    assert "the record of recorder number 5 is missing: its record was not handed over within 60 s" in record.reason


def test_the_same_payments_without_a_word_of_a_lost_recorder_are_strangers() -> None:
    assert {one.id: one.verdict for one in judge(absent(THERE, None)).findings}["stranger"] is Verdict.FAIL


def test_with_every_record_there_the_same_story_passes() -> None:
    assert judge(story(THERE)).verdict is Verdict.PASS


def test_what_the_others_saw_still_convicts() -> None:
    line = "transfer every 0.05: 90..100+ 110..130+ | survivors all but @98..99 | objective loss=0"
    judgement = judge(absent(line, LOST))
    assert {one.id: one.verdict for one in judgement.findings}["loss"] is Verdict.FAIL
    assert judgement.verdict is Verdict.FAIL


def test_a_recorder_that_died_with_its_record_at_hand_is_not_absent() -> None:
    told = judge(absent(QUIET, {"recorder": 1}))
    assert {one.id: one.verdict for one in told.findings}["rto.transfer"] is Verdict.PASS
