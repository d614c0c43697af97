"""How the drill itself went: healed, recorded, journalled, not aborted."""

import dataclasses

import pytest

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.judgement import Verdict

from .verdict_of import finding, reason, told, verdict


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1+ | survivors 1", "pass"),
        ("1+ | healed 150 | survivors 1", "pass"),
        ("1+ | unhealed | survivors 1", "unknown"),
        ("1+ | healed 99 | survivors 1", "unknown"),
        ("1+ | refused 150 | survivors 1", "fail"),
        ("1+ | refused 150 | healed 160 | survivors 1", "pass"),
        ("1+ | fault lag 90..91 | survivors 1", "pass"),
        ("1+ | fault lag 90..91 | unhealed lag | survivors 1", "unknown"),
        ("1+ | fault lag 90 | unhealed lag | survivors 1", "unknown"),
        ("1+ | fault lag 90..91 | unhealed lag | refused 150 | survivors 1", "fail"),
        ("1+ | no fault | survivors 1", "unknown"),
    ],
)
def test_every_fault_must_be_healed(line: str, expected: str) -> None:
    assert verdict(line, "heal") == expected


def test_a_refused_heal_tells_why() -> None:
    assert reason("1+ | refused 150 | survivors 1", "heal") == (
        "Not every fault is healed: region-loss is still in force, because healing it was refused "
        "(the fence cannot be proved)"
    )


@pytest.mark.parametrize(
    ("books", "expected"),
    [
        ("journal lose | activities lose", "pass"),
        ("journal lose lose | activities lose lose", "pass"),
        ("journal lose fail! | activities fail! lose", "pass"),
        ("journal none", "unknown"),
        ("journal lose lose | activities lose", "unknown"),
        ("journal lose | activities lose lose", "unknown"),
        ("journal lose | activities", "unknown"),
        ("journal | activities lose", "unknown"),
        ("journal | activities", "unknown"),
        ("journal lose | activities win", "unknown"),
        ("journal lose! | activities lose", "unknown"),
    ],
)
def test_the_two_books_must_tell_the_same(books: str, expected: str) -> None:
    assert verdict(f"1+ | {books} | survivors 1", "journal") == expected


def test_an_activity_that_was_started_and_never_ended_is_a_disagreement() -> None:
    history = story("1+ | survivors 1")
    marks = tuple(mark for mark in history.marks if mark.name != "activity.ended")
    assert finding(judge(dataclasses.replace(history, marks=marks)), "journal").verdict is Verdict.UNKNOWN


def test_problems_of_the_record_make_the_verdict_unknown() -> None:
    history = dataclasses.replace(story("1+ | survivors 1"), problems=("marks.jsonl is torn",))
    one = finding(judge(history), "record")
    assert (one.verdict, one.reason) == (Verdict.UNKNOWN, "The record unknown: marks.jsonl is torn")


def test_a_recorder_that_died_leaves_a_gap() -> None:
    assert verdict("1+ | survivors 1", "record") == "pass"
    assert verdict("1+ | recorder 1 died | survivors 1", "record") == "unknown"


def test_a_recorder_that_was_marked_lost_died() -> None:
    history = story("1! | survivors")
    mark = history.marks[0].model_copy(update={"name": "recorder.lost", "detail": {"recorder": 1}})
    judgement = judge(dataclasses.replace(history, marks=(*history.marks, mark)))
    assert finding(judgement, "record").verdict is Verdict.UNKNOWN
    assert judgement.loss.classes["in doubt"].operations == 1


def test_torn_records_are_told() -> None:
    history = story("1+ | survivors 1")
    torn = tuple(recorder.model_copy(update={"torn": 2}) for recorder in history.recorders)
    one = finding(judge(dataclasses.replace(history, recorders=torn)), "record")
    assert one.reason == "The record unknown: recorder recorder-1 left 2 torn records"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("journey", 9, "1 recorded operations hold values that no recorder writes"),
        ("outcome", 9, "1 recorded operations hold values that no recorder writes"),
        ("op_id", (1 << 40) | 2, "the same operation id stands in the record more than once"),
        ("op_id", (7 << 40) | 1, "there are operations of recorder 7, which is not among the recorders"),
    ],
)
def test_a_record_that_contradicts_itself_is_unknown(field: str, value: int, sentence: str) -> None:
    history = story("1+ 2+ | survivors 1 2")
    history.operations[field][0] = value
    one = finding(judge(history), "record")
    assert one.verdict is Verdict.UNKNOWN
    assert sentence in one.reason


def test_an_aborted_drill_ends_with_5_and_its_findings_are_still_made() -> None:
    judgement = told("1+@99 | aborted 120 | survivors 1 | objective rpo=0")
    assert judgement.exit_status == 5
    assert finding(judgement, "rpo").verdict is Verdict.PASS
    assert finding(judgement, "abort").verdict is Verdict.UNKNOWN
    assert judgement.verdict is Verdict.UNKNOWN


def test_an_aborted_drill_may_still_fail() -> None:
    judgement = told("1- | aborted 120 | survivors 1")
    assert (judgement.verdict, judgement.exit_status) == (Verdict.FAIL, 5)
