"""Recorded arrivals are read whole or refused whole: every bad line is told by its number."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drdrill.errors import BadInput
from drdrill.record.arrivals import ANY_JOURNEY, read_arrivals
from drdrill.record.operations import OperationRecorder

JOURNEYS = ("balance", "transfer", "statement")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(text)
    return path


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(BadInput) as caught:
        read_arrivals(path, JOURNEYS)
    assert str(caught.value).startswith("nothing is sent")
    return caught.value.problems


def test_the_first_arrival_is_the_zero_of_time(tmp_path: Path) -> None:
    """So times of day and times of a clock serve as well as seconds from the start."""
    arrivals = read_arrivals(
        written(tmp_path, "due_s,journey\n1700000000.25,transfer\n1700000000.75\n\n# noon\n1700000002,statement\n"),
        JOURNEYS,
    )
    assert arrivals.offsets_ns.tolist() == [0, 500_000_000, 1_750_000_000]
    assert arrivals.journeys.tolist() == [1, ANY_JOURNEY, 2]
    assert arrivals.span_s == 1.75


def test_one_time_a_line_is_enough(tmp_path: Path) -> None:
    assert read_arrivals(written(tmp_path, "0\n0\n1e-3\n"), JOURNEYS).offsets_ns.tolist() == [0, 0, 1_000_000]


def test_every_bad_line_is_told_by_its_number_and_nothing_is_read(tmp_path: Path) -> None:
    text = "due_s\n0.5\nsoon\n0.7,loan\n0.4\n0.8,transfer,x\nnan\n0.9\ndue_s\n"
    told = problems(written(tmp_path, text))
    path = tmp_path / "a.csv"
    assert told == (
        f"{path}: line 3: 'soon' is not a time in seconds",
        f"{path}: line 4: there is no journey 'loan'; known are balance, transfer, statement",
        f"{path}: line 5: 0.4 s is before the arrival that stands before it (0.5 s)",
        f"{path}: line 6: 3 columns where a time and a journey are expected",
        f"{path}: line 7: 'nan' is not a time in seconds",
        f"{path}: line 9: 'due_s' is not a time in seconds",
    )


def test_of_very_many_bad_lines_the_number_is_told(tmp_path: Path) -> None:
    told = problems(written(tmp_path, "x\n" * 1000))
    assert len(told) == 21
    assert told[-1].endswith("and 980 more bad lines")


@pytest.mark.parametrize("text", ["", "due_s\n", "\n# nobody came\n"])
def test_a_file_without_an_arrival_is_refused(tmp_path: Path, text: str) -> None:
    (problem,) = problems(written(tmp_path, text))
    assert problem.endswith("it holds no arrival")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"0.1\n\xff\n")
    (problem,) = problems(path)
    assert "neither text nor a record (byte 4" in problem
    (problem,) = problems(tmp_path / "missing.csv")
    assert "cannot be read (No such file" in problem


def recorded(path: Path, journeys: tuple[str, ...], due_ns: list[int]) -> Path:
    with OperationRecorder.create(path, 7, "old", journeys, ("none",), drill_id="another") as recorder:
        for number, due in enumerate(due_ns):
            recorder.invoke(number % len(journeys), 0, 0, 1, -1, due, due)
    return path


def test_a_record_of_another_drill_can_be_replayed(tmp_path: Path) -> None:
    """Its own list of journeys counts; what became of the operations does not."""
    path = recorded(tmp_path / "a.ops", ("statement", "transfer"), [10**12, 10**12 + 5, 10**12 + 7])
    arrivals = read_arrivals(path, JOURNEYS)
    assert arrivals.offsets_ns.tolist() == [0, 5, 7]
    assert arrivals.journeys.tolist() == [2, 1, 2]


def test_a_record_with_a_foreign_journey_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(recorded(tmp_path / "a.ops", ("loan", "transfer"), [1, 2]))
    assert "has the journey 'loan'; known are" in problem


def test_a_record_of_nothing_and_a_cut_record_are_refused(tmp_path: Path) -> None:
    (problem,) = problems(recorded(tmp_path / "a.ops", ("transfer",), []))
    assert "holds no arrival" in problem
    path = recorded(tmp_path / "b.ops", ("transfer",), [1, 2, 3])
    path.write_bytes(path.read_bytes()[:-10])
    assert any("cut in the middle" in problem for problem in problems(path))


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=50))
def test_no_arrival_is_lost(tmp_path_factory: pytest.TempPathFactory, times_us: list[int]) -> None:
    times_us.sort()
    path = tmp_path_factory.mktemp("arrivals") / "a.csv"
    path.write_text("".join(f"{time_us // 10**6}.{time_us % 10**6:06}\n" for time_us in times_us))
    offsets_us = read_arrivals(path, JOURNEYS).offsets_ns / 1000
    assert offsets_us.round().astype(int).tolist() == [time_us - times_us[0] for time_us in times_us]
