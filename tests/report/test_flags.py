from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drdrill.report.flags import Flag, hoisted

EDGE = 100.0


def overlap(one: Flag, other: Flag) -> bool:
    return one.row == other.row and one.begins <= other.ends and other.begins <= one.ends


def runs_through(pole: Flag, label: Flag) -> bool:
    return pole.row > label.row and label.begins < pole.x < label.ends


labels = st.lists(
    st.tuples(st.floats(0, EDGE).map(lambda x: round(x, 2)), st.just("label"), st.floats(1, 40)), max_size=12
)


@given(labels)
def test_no_label_overlaps_another_and_no_line_runs_through_one(given_labels: list[tuple[float, str, float]]) -> None:
    flags = hoisted(given_labels, EDGE)
    assert len(flags) == len(given_labels)
    pairs = [(a, b) for a in flags for b in flags if a is not b]
    assert not any(overlap(a, b) for a, b in pairs)
    assert not any(runs_through(a, b) for a, b in pairs)
    assert all(flag.ends <= EDGE for flag in flags)


def test_labels_with_room_share_the_lowest_row() -> None:
    assert [flag.row for flag in hoisted([(0, "a", 10), (50, "b", 10)], EDGE)] == [0, 0]


def test_a_crowd_becomes_a_staircase_with_the_first_on_top() -> None:
    assert [flag.row for flag in hoisted([(10, "a", 20), (11, "b", 20), (12, "c", 20)], EDGE)] == [2, 1, 0]


def test_a_label_at_the_right_edge_flies_to_the_left() -> None:
    assert hoisted([(99, "a", 20)], EDGE)[0].leftward
