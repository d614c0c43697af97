"""Where the time went: the parts add up, and what was not marked is not guessed."""

from itertools import pairwise

import pytest

from drdrill.measure.phases import as_planned

from .verdict_of import recovery

LINE = "transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all"
ALL = "detected 101 | declared 102 | writable 103 | routed 104"


def parts(marks: str) -> list[tuple[str, float, float]]:
    return [(one.name, one.began_s, one.ended_s) for one in recovery(f"{LINE} | {marks}").phases]


def test_every_mark_ends_its_part() -> None:
    assert parts(ALL) == [
        ("inject", 0, 0.05),
        ("detect", 0.05, 1),
        ("decide", 1, 2),
        ("promote", 2, 3),
        ("route", 3, 4),
        ("warm up", 4, 5.01),
    ]


@pytest.mark.parametrize(
    ("marks", "names"),
    [
        ("declared 102 | writable 103 | routed 104", ["inject", "detect and decide", "promote", "route", "warm up"]),
        ("writable 103", ["inject", "detect, decide and promote", "route and warm up"]),
        ("lag 0@99", ["inject", "detect, decide, promote, route and warm up"]),
    ],
)
def test_a_missing_mark_merges_its_neighbours(marks: str, names: list[str]) -> None:
    assert [name for name, _, _ in parts(marks)] == names


@pytest.mark.parametrize(
    ("marks", "names"),
    [
        ("writable 103 | routed 104", ["stop writing", "promote", "route", "warm up"]),
        ("routed 104", ["stop writing", "promote and route", "warm up"]),
    ],
)
def test_what_is_planned_is_neither_injected_nor_detected_nor_decided(marks: str, names: list[str]) -> None:
    assert [one.name for one in as_planned(recovery(f"{LINE} | {marks}")).phases] == names


@pytest.mark.parametrize(
    "marks",
    [
        "detected 103 | declared 102 | writable 101 | routed 104",
        "detected 100.01 | declared 102 | writable 103 | routed 104",
        "detected 101 | declared 102 | writable 103 | routed 120",
        "detected 99 | declared 102 | writable 103 | routed 104",
    ],
)
def test_parts_add_up_whatever_the_order_of_the_marks(marks: str) -> None:
    told = parts(marks)
    assert told[0][1] == 0
    assert told[-1][2] == 5.01
    assert all(before[2] == after[1] for before, after in pairwise(told))
    assert all(began <= ended for _, began, ended in told)


def test_a_mark_out_of_order_is_moved_to_its_predecessor() -> None:
    assert parts("detected 103 | declared 102 | writable 104")[1:4] == [
        ("detect", 0.05, 3),
        ("decide", 3, 3),
        ("promote", 3, 4),
    ]


def test_the_first_mark_counts() -> None:
    assert parts(f"{ALL} | detected 104.5") == parts(ALL)


def test_a_mark_from_before_the_disaster_is_missing() -> None:
    assert parts("detected 99 | declared 102")[1] == ("detect and decide", 0.05, 2)
