"""A walk gives its results in order, with two hands, and holds few of them."""

import threading

import pytest

from drdrill.measure.walk import walk


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(walk(range(100), lambda item: item * item)) == [item * item for item in range(100)]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_short_walk_is_whole(number: int) -> None:
    assert list(walk(range(number), str)) == [str(item) for item in range(number)]


def test_two_hands_work_at_once() -> None:
    both = threading.Barrier(2)
    assert len(list(walk(range(2), lambda _: both.wait(timeout=10)))) == 2


def test_few_results_wait_to_be_taken() -> None:
    begun: list[int] = []
    walking = walk(range(100), begun.append)
    next(walking)
    assert len(begun) <= 5


def test_an_error_is_raised_where_the_results_are_taken() -> None:
    with pytest.raises(ZeroDivisionError):
        list(walk(range(10), lambda item: 1 // (item - 7)))
