"""Which copy a database is made from: the newest that nothing speaks against, and why not a newer one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from drdrill.lambdas.copies import Copy, choose, unusable_because

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def copy(name: str, minutes_ago: int) -> Copy:
    return Copy(name, NOON - timedelta(minutes=minutes_ago), "available", 100, False, 1000, f"arn:{name}")


NEWEST, OLDER, OLDEST = copy("newest", 5), copy("older", 20), copy("oldest", 35)
ALL = (NEWEST, OLDER, OLDEST)


def test_the_newest_whole_copy_is_chosen() -> None:
    assert choose(ALL, {}, encrypted=False, sizes={}) == (NEWEST, {})


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (replace(NEWEST, status="creating", percent=63), "it is creating, 63 % done"),
        (replace(NEWEST, status="failed"), "it is failed, 100 % done"),
        (replace(NEWEST, percent=99), "only 99 % of it are there"),
        (replace(NEWEST, encrypted=True), "it is encrypted"),
        (replace(NEWEST, size=999), "it has 999 bytes, and its original had 1000"),
    ],
)
def test_what_speaks_against_the_newest_is_told_and_the_one_before_chosen(spoilt: Copy, why: str) -> None:
    chosen, passed_over = choose((spoilt, OLDER), {}, encrypted=False, sizes={"newest": 1000})
    assert chosen == OLDER
    assert passed_over == {"newest": why}


def test_one_that_failed_before_is_not_tried_again() -> None:
    chosen, passed_over = choose(ALL, {"newest": "its database is failed"}, encrypted=False, sizes={})
    assert chosen == OLDER
    assert passed_over == {"newest": "its database is failed"}


def test_none_left_is_told_with_every_reason() -> None:
    chosen, passed_over = choose((NEWEST, OLDER), {"newest": "a", "older": "b"}, encrypted=False, sizes={})
    assert chosen is None
    assert passed_over == {"newest": "a", "older": "b"}


def test_a_size_that_nobody_noted_speaks_against_nothing() -> None:
    assert unusable_because(replace(NEWEST, size=None), encrypted=False, sizes={"newest": 1000}) is None
    assert unusable_because(NEWEST, encrypted=False, sizes={}) is None


def test_an_unencrypted_copy_is_refused_where_encryption_is_asked_for() -> None:
    assert unusable_because(NEWEST, encrypted=True, sizes={}) == "it is not encrypted"
