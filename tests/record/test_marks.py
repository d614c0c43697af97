"""The book of marks: on the disk before anybody goes on, shared by processes, and torn lines are told."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from drdrill.errors import EstateError
from drdrill.record.marks import MarkBook, read_marks


def test_marks_are_read_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    times = iter([5, 8])
    book = MarkBook(tmp_path / "marks.jsonl", now_ns=lambda: next(times))
    made = (book.add("fault.requested", "test", fault="region-loss"), book.add("fault.proved", "test"))
    assert read_marks(tmp_path / "marks.jsonl") == (made, ())
    assert (made[0].at_ns, made[0].detail) == (5, {"fault": "region-loss"})


def test_a_torn_last_line_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "marks.jsonl"
    made = MarkBook(path).add("drill.started", "test")
    with path.open("ab") as file:
        file.write(b'{"name":"fault.req')
    marks, problems = read_marks(path)
    assert marks == (made,)
    assert problems == ("a mark may be missing: line 2 of marks.jsonl was torn by the death of its writer (18 bytes)",)


def test_a_mark_after_a_torn_line_is_not_spoilt_by_it(tmp_path: Path) -> None:
    path = tmp_path / "marks.jsonl"
    path.write_bytes(b'{"name":"fault.req')
    made = MarkBook(path).add("drill.started", "test")
    marks, problems = read_marks(path)
    assert marks == (made,)
    assert problems == ("a mark may be missing: line 1 of marks.jsonl is not a mark (18 bytes)",)


@pytest.mark.parametrize(("back_ns", "told"), [(1_900_000_000, False), (2_100_000_000, True)])
def test_marks_that_go_back_are_told_but_for_writers_that_overtake_each_other(
    tmp_path: Path, back_ns: int, told: bool
) -> None:
    times = iter([10_000_000_000, 10_000_000_000 - back_ns])
    book = MarkBook(tmp_path / "marks.jsonl", now_ns=lambda: next(times))
    book.add("fault.requested", "test")
    book.add("fault.proved", "test")
    marks, problems = read_marks(tmp_path / "marks.jsonl")
    assert len(marks) == 2
    expected = "the marks in marks.jsonl go back in time: fault.proved is 2.100 s older than fault.requested before it"
    assert problems == ((expected,) if told else ())


def write_many(path: Path, source: str) -> None:
    book = MarkBook(path)
    for number in range(50):
        book.add("lag.observed", source, number=number)


def test_processes_share_a_book(tmp_path: Path) -> None:
    """Every mark of every writer is whole, and each writer's own are in order."""
    path = tmp_path / "marks.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path, f"writer-{number}")) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    marks, problems = read_marks(path)
    assert problems == ()
    for source in {mark.source for mark in marks}:
        assert [mark.detail["number"] for mark in marks if mark.source == source] == list(range(50))
    assert len(marks) == 150


def test_a_book_that_cannot_be_written_stops_the_drill(tmp_path: Path) -> None:
    with pytest.raises(EstateError, match=r"^the mark drill.started is not on record: .* \(No such file"):
        MarkBook(tmp_path / "absent" / "marks.jsonl").add("drill.started", "test")
