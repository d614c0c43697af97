"""The timeline: counts and latency per bucket of due time."""

from drdrill.measure import judge
from drdrill.measure.series import BUCKETS
from drdrill.measure.story import story

from .verdict_of import told


def test_every_operation_stands_in_the_bucket_in_which_it_was_due() -> None:
    timeline = told("1+@99.95 2+@100.05 3?@100.1 4-@100.15 5x@100.2 6+@100.25..101.5 | survivors 1 2 6").timeline
    assert timeline is not None
    series = timeline.journeys[0]
    assert (timeline.began_s, timeline.bucket_s, series.journey) == (-0.1, 0.1, "transfer")
    assert series.good == (1, 1, 0, 0)
    assert series.unknown == (0, 0, 1, 0)
    assert series.refused == (0, 0, 1, 0)
    assert series.unsent == (0, 0, 0, 1)
    assert series.late == (0, 0, 0, 1)


def test_what_was_acked_and_lost_is_not_drawn_as_good() -> None:
    timeline = told("1+@100.1 2+@100.11 | survivors 1").timeline
    assert timeline is not None
    assert (timeline.journeys[0].good, timeline.journeys[0].late) == ((1,), (1,))


def test_latency_is_counted_from_being_due_and_only_over_acks() -> None:
    words = " ".join(f"{n}+@100.01..{100.01 + n / 1000:.3f}" for n in range(1, 101))
    timeline = told(f"{words} 101?@100.02 102+@100.01~100.05..100.06 103+@100.31 | survivors all").timeline
    assert timeline is not None
    series = timeline.journeys[0]
    assert series.p50_ms == (50.0, None, None, 10.0)
    assert series.p99_ms == (99.0, None, None, 10.0)


def test_a_long_drill_is_drawn_in_longer_buckets() -> None:
    timeline = told("1+@100 2+@399.9 | survivors all").timeline
    assert timeline is not None
    assert (timeline.bucket_s, len(timeline.journeys[0].good)) == (0.1, BUCKETS)
    timeline = told("1+@100 2+@400 | survivors all").timeline
    assert timeline is not None
    assert (timeline.bucket_s, len(timeline.journeys[0].good)) == (0.2, 1501)
    timeline = told("1+@100 2+@10100 | survivors all").timeline
    assert timeline is not None
    assert timeline.bucket_s == 5


def test_no_operation_no_timeline() -> None:
    judgement = told("fault 100..100.05 | survivors")
    assert (judgement.timeline, judgement.operations, judgement.schedule_lag_p99_ms) == (None, 0, None)


def test_the_schedule_lag_is_told() -> None:
    words = " ".join(f"{n}+@100~100.{n:03d}..101" for n in range(1, 101))
    unsent = " ".join(f"{n}x@100" for n in range(101, 201))
    assert told(f"{words} {unsent} | survivors").schedule_lag_p99_ms == 99.0


def test_marks_are_told_in_time_and_without_what_json_cannot_say() -> None:
    history = story("1+ | detected 103 | lag 0.4@99 | survivors 1")
    mark = history.marks[0].model_copy(update={"detail": {"x": float("nan"), "y": [float("inf"), {"z": 1.5}]}})
    judgement = judge(type(history)(**{**vars(history), "marks": (mark, *history.marks)}))
    times = [one.at_s for one in judgement.marks]
    assert times == sorted(times)
    assert judgement.marks[times.index(3.0)].detail == {"x": None, "y": [None, {"z": 1.5}]}
    assert judgement.to_json()
