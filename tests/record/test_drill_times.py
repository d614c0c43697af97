"""A record from another machine: nothing is believed of its times but what the readings of its clock make of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from drdrill.errors import EstateError
from drdrill.model.history import UNMEASURED_NS, ClockReading, Recorder
from drdrill.model.operation import Operations, Outcome
from drdrill.record.clock_readings import ClockBook, clock_book_of, read_clock_book
from drdrill.record.drill_times import on_the_drills_clock
from drdrill.record.operations import OperationRecorder, read_operations

S = 1_000_000_000
READINGS = tuple(ClockReading(at_ns=second * S, offset_ns=-3 * S, error_ns=1000) for second in (10, 11, 12))


def record(path: Path, *, bound_ns: int = UNMEASURED_NS, due_ns: int = 11 * S) -> Path:
    with OperationRecorder.create(
        path, 4, "locust-2", ("transfer",), ("none",), drill_id="d", capacity=8, clock_bound_ns=bound_ns
    ) as recorder:
        recorder.complete(recorder.invoke(0, 1, 100, 1, 2, due_ns, due_ns + 1), Outcome.ACKED, due_ns + 2)
    return path


def book(path: Path, *, drill_id: str = "d", recorder: int = 4) -> Path:
    readings = ClockBook(clock_book_of(path), drill_id, recorder)
    for one in READINGS:
        readings.add(one)
    return clock_book_of(path)


def read(path: Path) -> tuple[Operations, Recorder, list[str]]:
    operations, recorder, _, _, problems = read_operations(path)
    found = list(problems)
    return (*on_the_drills_clock(path, "d", operations, recorder, found), found)


def test_a_recorder_on_the_drills_machine_has_the_drills_clock(tmp_path: Path) -> None:
    operations, recorder, problems = read(record(tmp_path / "a.ops", bound_ns=0))
    assert (operations["due_ns"].tolist(), recorder.clock_readings, problems) == ([11 * S], (), [])


def test_one_on_another_machine_is_moved_by_its_readings(tmp_path: Path) -> None:
    path = record(tmp_path / "a.ops")
    book(path)
    operations, recorder, problems = read(path)
    assert (operations["due_ns"].tolist(), operations["done_ns"].tolist()) == ([8 * S], [8 * S + 2])
    assert (recorder.clock_readings, recorder.unusable, problems) == (READINGS, "", [])
    assert 1000 < recorder.clock_bound_ns < 2_000_000


@pytest.mark.parametrize(
    ("drill_id", "recorder", "told"),
    [("other", 4, "holds the clock of recorder 4 in the drill 'other'"), ("d", 5, "holds the clock of recorder 5")],
)
def test_readings_of_another_clock_are_none(tmp_path: Path, drill_id: str, recorder: int, told: str) -> None:
    path = record(tmp_path / "a.ops")
    book(path, drill_id=drill_id, recorder=recorder)
    operations, found, problems = read(path)
    assert len(operations) == 0
    assert "was never measured" in found.unusable
    assert told in problems[0]


def test_without_readings_its_operations_are_left_out_and_it_did_not_close(tmp_path: Path) -> None:
    operations, recorder, _ = read(record(tmp_path / "a.ops"))
    assert (len(operations), recorder.closed, recorder.attempted) == (0, False, 0)
    assert recorder.unusable == (
        "the clock of locust-2 was never measured against the drill's, so none of its times can be used"
    )


def test_an_operation_outside_of_the_readings_is_told(tmp_path: Path) -> None:
    path = record(tmp_path / "a.ops", due_ns=15 * S)
    book(path)
    *_, problems = read(path)
    assert problems == ["1 operations of locust-2 lie before the first or after the last reading of its clock"]


def test_a_torn_reading_is_told_and_the_others_hold(tmp_path: Path) -> None:
    path = book(record(tmp_path / "a.ops"))
    path.write_bytes(path.read_bytes()[:-10])
    readings, problems = read_clock_book(path, drill_id="d", recorder=4)
    assert (readings, problems) == (READINGS[:2], ("1 lines of a.clock.jsonl are no readings",))


def test_a_file_that_is_no_clock_book_holds_no_readings(tmp_path: Path) -> None:
    path = tmp_path / "a.clock.jsonl"
    path.write_bytes(b"hello\n")
    assert read_clock_book(path, drill_id="d", recorder=4)[0] == ()


def test_a_clock_book_is_begun_once(tmp_path: Path) -> None:
    book(tmp_path / "a.ops")
    with pytest.raises(EstateError, match="the clock is not on record"):
        book(tmp_path / "a.ops")
