"""What must hold of every history, whatever happened in it."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drdrill.errors import BadInput
from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.history import History
from drdrill.model.judgement import Judgement, Verdict

SHIFT_NS = 987_654_321_000

times = st.integers(0, 400).map(lambda tenth: f"{90 + tenth / 10:g}")
symbols = st.sampled_from("++++??-x!")
sequences = st.integers(1, 40)


@st.composite
def operations(draw: st.DrawFn) -> str:
    words = []
    for recorder in (1, 2):
        for sequence in draw(st.sets(sequences, max_size=15)):
            word = f"{recorder}:{sequence}{draw(symbols)}@{draw(times)}"
            if draw(st.integers(0, 3)) == 0:
                word += f"#{draw(st.integers(0, 9))}" + draw(st.sampled_from(["", "=0", "=1", "=2"]))
            words.append(word)
    return " ".join(words)


@st.composite
def survivors(draw: st.DrawFn) -> str:
    kinds = st.sampled_from(["", "", "", "", "*2", "=900", "#7>8", "d", "c"])
    found = [
        f"{draw(st.integers(1, 3))}:{sequence}{draw(kinds)}"
        for sequence in draw(st.lists(sequences, max_size=20, unique=True))
    ]
    return f"survivors {' '.join(found)}{draw(st.sampled_from(['', '', '', '', ' !early']))}"


@st.composite
def histories(draw: st.DrawFn) -> History:
    sections = [draw(operations())]
    ranges = " ".join(f"{90 + 5 * n}..{95 + 5 * n}{draw(symbols)}" for n in range(draw(st.integers(0, 8))))
    if ranges:
        sections.append(f"transfer every 0.25: {ranges}")
    for word in ("detected", "declared", "writable", "routed", "failback"):
        if draw(st.booleans()):
            sections.append(f"{word} {draw(times)}")
    sections.append("level share=0.8 hold=3")
    sections.append("objective rto=10 rpo=1 loss=0 below=5 share=0.1")
    if draw(st.booleans()):
        sections.append(f"recorder 2 died bound {draw(st.sampled_from(['0', '0.1']))}")
    sections.extend(draw(st.lists(survivors(), max_size=2)))
    return story(" | ".join(sections))


def _identities(history: History) -> set[int]:
    writes = history.operations[(history.operations["kind"] == 1) & (history.operations["state"] != 0)]
    valid = [read for read in history.survivors if read.circumstances.invalid_because() is None]
    found = {int(one) for read in valid for one in read.entries["op_id"]}
    return {int(one) for one in writes["op_id"]} | found


@settings(deadline=None, max_examples=150)
@given(histories())
def test_every_id_has_exactly_one_class(history: History) -> None:
    judgement = judge(history)
    if judgement.loss.valid:
        assert sum(count.operations for count in judgement.loss.classes.values()) == len(_identities(history))
    else:
        assert judgement.loss.classes == {}


@settings(deadline=None, max_examples=150)
@given(histories())
def test_no_check_crashes_and_no_verdict_contradicts_the_exit_status(history: History) -> None:
    judgement = judge(history)
    assert not [one.reason for one in judgement.findings if "could not be judged" in one.reason]
    assert len({one.id for one in judgement.findings}) == len(judgement.findings)
    assert all(len(one.witnesses) <= 20 for one in judgement.findings)
    verdicts = {one.verdict for one in judgement.findings}
    expected = (
        Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.PASS
    )
    assert judgement.verdict is expected
    assert judgement.exit_status == {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNKNOWN: 2}[expected]


@settings(deadline=None, max_examples=100)
@given(histories())
def test_the_parts_of_a_recovery_add_up(history: History) -> None:
    for recovery in judge(history).recoveries:
        if not recovery.phases:
            continue
        assert recovery.phases[0].began_s == 0
        for before, after in zip(recovery.phases[:-1], recovery.phases[1:], strict=True):
            assert before.ended_s == after.began_s >= before.began_s
        parts = sum(part.ended_s - part.began_s for part in recovery.phases)
        assert parts == pytest.approx(recovery.phases[-1].ended_s)
        assert recovery.restored_s is not None and recovery.restored_s.high is not None
        assert recovery.phases[-1].ended_s <= recovery.restored_s.high


@settings(deadline=None, max_examples=100)
@given(histories())
def test_every_interval_has_its_ends_in_order(history: History) -> None:
    judgement = judge(history)
    intervals = [one.interval for one in judgement.findings]
    intervals += [one.rta_s for one in judgement.recoveries] + [one.restored_s for one in judgement.recoveries]
    intervals += [judgement.loss.oldest_lost_age_s, judgement.loss.newest_survivor_age_s, judgement.disaster_s]
    for interval in intervals:
        if interval is not None:
            assert interval.low >= 0
            assert interval.high is None or interval.low <= interval.high


@settings(deadline=None, max_examples=60)
@given(histories())
def test_judging_twice_gives_the_same_bytes(history: History) -> None:
    assert judge(history).to_json() == judge(history).to_json()


@settings(deadline=None, max_examples=60)
@given(histories())
def test_a_judgement_reads_back_as_it_was_written(history: History) -> None:
    judgement = judge(history)
    assert Judgement.model_validate_json(judgement.to_json()).to_json() == judgement.to_json()


@settings(deadline=None, max_examples=60)
@given(histories())
def test_moving_the_whole_drill_in_time_changes_nothing(history: History) -> None:
    assert judge(_shifted(history)).to_json() == judge(history).to_json()


@settings(deadline=None, max_examples=60)
@given(histories())
def test_a_recorder_with_a_wrong_clock_is_put_right(history: History) -> None:
    operations = history.operations.copy()
    second = operations["op_id"] >> 40 == 2
    for name in ("due_ns", "sent_ns", "done_ns"):
        operations[name][second & (operations[name] != 0)] += SHIFT_NS
    recorders = tuple(
        one.model_copy(update={"clock_offset_ns": -SHIFT_NS if one.number == 2 else 0}) for one in history.recorders
    )
    moved = dataclasses.replace(history, operations=operations, recorders=recorders)
    assert judge(moved).to_json() == judge(history).to_json()


@settings(deadline=None, max_examples=60)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_recorded_operations_does_not_matter(history: History, random: Any) -> None:
    order = list(range(len(history.operations)))
    random.shuffle(order)
    mixed = dataclasses.replace(history, operations=history.operations[np.array(order, dtype=np.int64)])
    loss, other = judge(history).loss, judge(mixed).loss
    assert (loss.classes, loss.flags, loss.lost) == (other.classes, other.flags, other.lost)
    assert [one.verdict for one in judge(mixed).findings] == [one.verdict for one in judge(history).findings]


def _shifted(history: History) -> History:
    operations = history.operations.copy()
    for name in ("due_ns", "sent_ns", "done_ns"):
        operations[name][operations[name] != 0] += SHIFT_NS
    marks = tuple(mark.model_copy(update={"at_ns": mark.at_ns + SHIFT_NS}) for mark in history.marks)
    reads = tuple(
        dataclasses.replace(
            read,
            circumstances=read.circumstances.model_copy(
                update={
                    name: getattr(read.circumstances, name) + SHIFT_NS
                    for name in ("began_ns", "ended_ns", "writers_stopped_ns", "last_deadline_ns")
                }
            ),
        )
        for read in history.survivors
    )
    return dataclasses.replace(history, operations=operations, marks=marks, survivors=reads)


@pytest.mark.parametrize("line", ["1+ gibberish", "1+ | dance 3", "transfer every 0.1: 3..", "1+ | survivors x"])
def test_a_line_that_is_no_story_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match="the story cannot be told"):
        story(line)
