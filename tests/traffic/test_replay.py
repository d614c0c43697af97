"""A recording as a schedule: the same arrivals and journeys, shared between workers, at the wanted speed."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from drdrill.errors import BadInput
from drdrill.model.shape import Replay
from drdrill.traffic.journeys import Mix
from drdrill.traffic.replay import ReplayedSchedule


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """10,000 arrivals, 2 ms apart; every third is a transfer, the others do not say."""
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{number * 0.002:.3f}{'' if number % 3 else ',transfer'}\n" for number in range(10_000)))
    return path


def test_a_replay_is_the_recording_and_ends_with_it(recording: Path) -> None:
    times = list(ReplayedSchedule.of(Replay(file=str(recording))).due_ns(5))
    assert times == [5 + number * 2_000_000 for number in range(10_000)]


def test_a_replay_can_be_faster(recording: Path) -> None:
    times = list(ReplayedSchedule.of(Replay(file=str(recording), speed=4)).due_ns(0))
    assert times[-1] == 9_999 * 500_000


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_together_replay_everything_once_with_its_journeys(recording: Path, workers: int) -> None:
    """Errand i belongs to arrival i, whoever sends it."""
    schedule = ReplayedSchedule.of(Replay(file=str(recording)))
    mix = Mix({"balance": 1, "statement": 1}, 100, seed=3)
    whole = list(zip(schedule.due_ns(0), mix.errands(schedule.journeys), strict=False))
    assert len(whole) == 10_000
    assert [errand.journey == 1 for _, errand in whole] == [number % 3 == 0 for number in range(10_000)]
    for worker in range(workers):
        due_ns = schedule.share(worker, workers).due_ns(0)
        errands = mix.share(worker, workers).errands(schedule.journeys)
        assert list(zip(due_ns, errands, strict=False)) == whole[worker::workers]


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_workers_together_do_the_errands_of_one(workers: int) -> None:
    mix = Mix({"balance": 45, "transfer": 45, "statement": 10}, 1000, seed=5)
    whole = list(islice(mix.errands(), 12_000))
    for worker in range(workers):
        mine = whole[worker::workers]
        assert list(islice(mix.share(worker, workers).errands(), len(mine))) == mine


def test_a_recording_that_changed_after_it_was_planned_is_not_sent(recording: Path) -> None:
    digest = ReplayedSchedule.of(Replay(file=str(recording))).arrivals.sha256
    ReplayedSchedule.of(Replay(file=str(recording), sha256=digest))
    recording.write_text(recording.read_text() + "99\n")
    with pytest.raises(BadInput, match=r"nothing is sent: .*has changed since the plan was read"):
        ReplayedSchedule.of(Replay(file=str(recording), sha256=digest))


def test_after_the_recording_errands_are_drawn_again(recording: Path) -> None:
    journeys = np.full(5, 2, dtype=np.int8)
    errands = list(islice(Mix({"balance": 1}, 10).errands(journeys), 8))
    assert [errand.journey for errand in errands] == [2] * 5 + [0] * 3


def test_problems(recording: Path) -> None:
    schedule = ReplayedSchedule.of(Replay(file=str(recording)))
    assert schedule.problems() == ()
    assert len(ReplayedSchedule(schedule.arrivals, 0, 2, 2).problems()) == 2
