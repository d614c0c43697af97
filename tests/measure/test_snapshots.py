"""Where in the interval the disaster came, the worst phase beside it, and which snapshot was used: from marks alone."""

import dataclasses

import pytest

from drdrill.measure import judge
from drdrill.measure.story import story
from drdrill.model.history import History
from drdrill.model.judgement import Finding, Verdict
from drdrill.model.mark import MONITOR_LOOKED, SNAPSHOT_OBSERVED, SNAPSHOT_RESTORED, SNAPSHOT_UNUSABLE, Mark

from .verdict_of import finding

LINE = "transfer every 0.02: 90..100+ 100..105? 105..130+ | survivors all | objective rpo=15"


def mark(name: str, at_s: float, **detail: object) -> Mark:
    return Mark(name=name, at_ns=round(at_s * 1e9), source="test", detail=detail)


def observed(at_s: float, age_s: float, copy_s: float | None = 1.5) -> Mark:
    return mark(SNAPSHOT_OBSERVED, at_s, snapshot="one", age_s=age_s, copy_s=copy_s, interval_s=15)


def history(*marks: Mark, scale: float = 1) -> History:
    told = story(LINE)
    drill = told.drill.model_copy(update={"time_scale": scale})
    return dataclasses.replace(told, drill=drill, marks=(*told.marks, *marks))


def phase(*marks: Mark, scale: float = 1) -> Finding:
    return finding(judge(history(*marks, scale=scale)), "snapshot-phase")


def used(*marks: Mark) -> Finding:
    return finding(judge(history(*marks)), "snapshot-used")


def test_the_age_at_the_disaster_is_an_interval_from_request_to_proof() -> None:
    found = phase(observed(99, age_s=5))
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (6, 6.05)
    assert found.reason.startswith("6 to 6.05 s after the newest usable snapshot, 40 % of the interval of 15 s")


def test_the_newest_look_before_the_disaster_counts() -> None:
    assert phase(observed(90, age_s=1), observed(99, age_s=5), observed(101, age_s=2)).reason.startswith("6 to 6.05 s")


def test_the_worst_phase_is_an_interval_and_a_copy_and_is_held_against_the_rpo() -> None:
    assert "at the worst phase 16.5 s would be lost (15 s and a copy of 1.5 s), MORE THAN the RPO of 15 s" in (
        phase(observed(99, age_s=5)).reason
    )


def test_at_a_scale_both_objectives_stand_beside_it() -> None:
    assert "RPO of 15 s at scale 1:60 (900 s at full scale)" in phase(observed(99, age_s=5), scale=60).reason


def test_copies_that_had_fallen_behind_have_no_worst_phase() -> None:
    assert phase(observed(99, age_s=20)).reason.endswith(
        "the copies had fallen behind: on time, at most 16.5 s would be lost"
    )


def test_a_copy_that_nobody_timed_leaves_the_worst_phase_unknown() -> None:
    assert "the worst phase is not known" in phase(observed(99, age_s=5, copy_s=None)).reason


def test_the_newest_snapshot_is_named() -> None:
    restored = mark(SNAPSHOT_RESTORED, 103, snapshot="one")
    assert used(restored).reason == "one, the newest"


def test_a_fall_back_says_from_what_and_why() -> None:
    unusable = mark(SNAPSHOT_UNUSABLE, 102, snapshot="two", because="its database is failed")
    restored = mark(SNAPSHOT_RESTORED, 103, snapshot="one")
    assert used(unusable, restored).reason == "one, after falling back: not two, because its database is failed"


def test_none_that_could_be_used_is_told_with_the_reasons() -> None:
    unusable = mark(SNAPSHOT_UNUSABLE, 102, snapshot="two", because="its database is failed")
    assert used(unusable).reason == "none: not two, because its database is failed"


def test_neither_has_a_say_in_the_verdict() -> None:
    with_marks = judge(history(observed(99, age_s=5), mark(SNAPSHOT_RESTORED, 103, snapshot="one")))
    assert with_marks.verdict is judge(history()).verdict
    assert finding(with_marks, "snapshot-phase").verdict is Verdict.NOT_ASSESSED


@pytest.mark.parametrize("identity", ["snapshot-phase", "snapshot-used"])
def test_a_drill_without_snapshots_says_nothing_of_them(identity: str) -> None:
    assert identity not in {found.id for found in judge(history()).findings}


def test_a_mark_that_lacks_what_it_should_carry_makes_an_unknown_and_no_crash() -> None:
    broken = mark(SNAPSHOT_OBSERVED, 99, snapshot="one")
    found = phase(broken)
    assert found.verdict is Verdict.UNKNOWN
    assert "could not be judged" in found.reason


SAW = {"front-door": "down: did not answer", "checkers": "up: 0 of 3 see a failure"}


@pytest.mark.parametrize(
    ("phase_of_recovery", "did"),
    [("watching", "went on watching: nothing was failed over"), ("available", "took over: it made a database")],
)
def test_what_the_monitor_saw_and_did_is_told(phase_of_recovery: str, did: str) -> None:
    looked = mark(MONITOR_LOOKED, 104, phase=phase_of_recovery, looks=8, last_look=SAW)
    told = finding(judge(history(looked)), "monitor")
    assert told.verdict is Verdict.NOT_ASSESSED
    assert told.reason.startswith(f"looked 8 times, and {did}")
    assert told.reason.endswith("(last seen: front-door down: did not answer; checkers up: 0 of 3 see a failure)")
