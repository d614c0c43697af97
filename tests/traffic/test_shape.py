"""The shape as an option: what a plan asks for comes back the same, and what is wrong is told."""

from __future__ import annotations

import pytest

from drdrill.errors import BadInput
from drdrill.model.shape import BankingDay, Replay, Shape, Spike
from drdrill.traffic.shape import shape_of, shape_text


@pytest.mark.parametrize(
    "shape",
    [
        None,
        Spike(peak_per_s=123456.789, after_s=30, climb_s=0.25, lasts_s=20),
        BankingDay(day_s=600, begins_h=8.5),
        Replay(file="/plans/salary day.csv", sha256="ab" * 32, speed=2.5),
        Replay(file="a.ops"),
    ],
)
def test_a_shape_survives_being_an_option(shape: Shape | None) -> None:
    assert shape_of(shape_text(shape)) == shape


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("waves", "the shape 'waves' is none of these: steady, spike"),
        ("steady peak=3", "is none of these"),
        ("spike peak=400,hight=3,lasts=2", "a spike has no hight; it has peak, after, climb, lasts"),
        ("spike peak=400", "spike: after: Field required"),
        ("spike peak=400,after=1,lasts=soon", "spike: lasts: Input should be a valid number"),
        ("banking-day day=0", "banking-day: day: Input should be greater than 0"),
        ("replay", "replay: file: Field required"),
    ],
)
def test_what_is_no_shape_is_told(text: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        shape_of(text)
    assert any(problem in one for one in caught.value.problems)


def test_every_problem_of_a_shape_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        shape_of("spike peak=-1,lasts=0")
    assert len(caught.value.problems) == 3
