from __future__ import annotations

from drdrill.model import mark
from drdrill.model.judgement import MarkAt
from drdrill.report.marklines import drawn_marks, flags_for, rows

from . import sample


def at(name: str, at_s: float, fault: str = "region-loss") -> MarkAt:
    return MarkAt(name=name, at_s=at_s, source="chaos", detail={"fault": fault})


def test_marks_are_named_with_their_moment_and_activities_are_left_to_the_table() -> None:
    labels = [label for _, label in drawn_marks(sample.marks(), -10, 45)]
    assert "outage detected +3.11 s" in labels
    assert not [label for label in labels if "activity" in label or "lag" in label]


def test_one_fault_is_called_fault_and_several_by_their_names() -> None:
    one = [at(mark.FAULT_REQUESTED, 0.0)]
    both = [at(mark.FAULT_REQUESTED, -2.0, "link-cut"), *one]
    assert drawn_marks(one, -5, 5) == [(0.0, "fault requested 0.00 s")]
    assert [label for _, label in drawn_marks(both, -5, 5)] == [
        "link-cut requested \N{MINUS SIGN}2.00 s",
        "region-loss requested 0.00 s",
    ]


def test_marks_outside_of_the_picture_and_beyond_what_can_be_read_are_not_drawn() -> None:
    assert drawn_marks([at(mark.FAULT_HEALED, 99.0)], -10, 45) == []
    crowd = [at(mark.FAULT_REQUESTED, 0.1 * n, f"fault {n}") for n in range(100)]
    labels = drawn_marks(crowd, -10, 45)
    assert len(labels) < 20
    assert rows(flags_for(labels, (-10, 45), 9.0)) <= len(labels)
    assert rows([]) == 0
