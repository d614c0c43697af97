"""What a time scale divides, what it leaves, and where it stops."""

import pytest

from drdrill.model.drill import FailbackObjectives, Objectives
from drdrill.model.time_scale import scaled_s


@pytest.mark.parametrize(
    ("full_s", "scale", "floor_s", "scaled"),
    [
        (900, 90, 0, 10),
        (900, 1, 0, 900),
        (10, 60, 1, 1),
        (10, 5, 1, 2),
        (0.5, 60, 1, 0.5),
        (3600, 60, 300, 300),
    ],
)
def test_a_time_is_divided_down_to_its_floor(full_s: float, scale: float, floor_s: float, scaled: float) -> None:
    assert scaled_s(full_s, scale, floor_s=floor_s) == scaled


def test_seconds_are_divided_counts_and_shares_are_not() -> None:
    approved = Objectives(
        rto_s=1200,
        rpo_s=900,
        seconds_below_s=60,
        loss_operations=5,
        split_brain_operations=0,
        relapses=1,
        failed_share=0.1,
        failback=FailbackObjectives(rto_s=120, rpo_s=60, loss_operations=0),
    )
    assert approved.divided(60) == Objectives(
        rto_s=20,
        rpo_s=15,
        seconds_below_s=1,
        loss_operations=5,
        split_brain_operations=0,
        relapses=1,
        failed_share=0.1,
        failback=FailbackObjectives(rto_s=2, rpo_s=1, loss_operations=0),
    )


def test_what_was_not_asked_stays_not_asked() -> None:
    assert Objectives().divided(60) == Objectives()
