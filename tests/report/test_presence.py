from __future__ import annotations

from drdrill.model.judgement import Count
from drdrill.report.presence import class_rows, flag_rows

from . import sample

CLASSES = ["kept", "lost", "recovered", "vanished", "declined", "ghost", "stranger", "unrecorded", "in doubt"]
FLAGS = ["split-brain", "doubled", "altered", "resurrected", "overwritten", "stale"]


def test_every_class_and_flag_has_a_row_with_its_meaning() -> None:
    assert [row.name for row in class_rows(sample.loss())] == CLASSES
    assert [row.name for row in flag_rows(sample.loss())] == FLAGS
    assert all(row.meaning for row in [*class_rows(sample.loss()), *flag_rows(sample.loss())])


def test_what_was_not_counted_shows_no_zero() -> None:
    assert {row.operations for row in class_rows(sample.UNKNOWN_LOSS)} == {"not counted"}


def test_broken_promises_and_defects_are_raised_only_when_there_are_any() -> None:
    assert [row.name for row in class_rows(sample.loss(32, 2)) if row.raised] == ["lost"]
    assert [row.name for row in flag_rows(sample.loss(32, 2)) if row.raised] == ["split-brain"]
    assert not [row for row in class_rows(sample.loss()) if row.raised]


def test_a_class_that_the_report_does_not_know_is_printed_all_the_same() -> None:
    odd = sample.loss().model_copy(update={"classes": {"in_doubt": Count(operations=3, paise=5), "novel": Count(operations=1, paise=1)}})  # fmt: skip
    rows = {row.name: row for row in class_rows(odd)}
    assert rows["in doubt"].operations == "3"
    assert rows["novel"].raised
