"""A read is stale when it saw less than the newest kept write on its account, acked before the read was sent."""

import pytest

from .verdict_of import told

WRITES = "1+@100.5#3>4 2+@101#3>4 "


def stale(line: str) -> int:
    return told(line).loss.flags["stale"].operations


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("9+@102#3=2", 0),
        ("9+@102#3=1", 1),
        ("9+@102#3=3", 0),
        ("9+@100.8#3=1", 0),
        ("9+@100.8#3=0", 1),
        ("9+@101.005#3=1", 0),
        ("9+@101.01#3=1", 0),
        ("9+@101.02#3=1", 1),
        ("9?@102#3=0", 0),
        ("9+@102#4=1", 1),
        ("9+@102#5=0", 0),
        ("9+@102#9=0", 0),
        ("9+@100.05#3=0", 0),
    ],
)
def test_only_a_read_that_saw_too_little_is_stale(read: str, expected: int) -> None:
    assert stale(f"{WRITES}{read} | survivors 1 2") == expected


def test_a_write_that_was_lost_is_not_missed_by_a_read() -> None:
    assert stale(f"{WRITES}9+@102#3=1 | survivors 1") == 0


def test_a_write_that_was_not_promised_is_not_missed_by_a_read() -> None:
    assert stale("1+@100.5#3>4 2?@101#3>4 9+@104#3=1 | survivors 1 2") == 0


def test_a_read_before_the_disaster_had_bitten_is_never_stale() -> None:
    assert stale("1+@98#3>4 9+@99#3=0 | survivors 1") == 0


def test_a_write_from_before_the_disaster_is_missed_after_it() -> None:
    assert stale("1+@98#3>4 9+@101#3=0 | survivors 1") == 1


def test_acks_may_overtake_each_other() -> None:
    line = "1+@100.5..103#3>4 2+@101#3>4 9+@102#3=1 | survivors 1 2"
    assert stale(line) == 1


def test_within_the_clock_bound_a_write_may_have_come_later() -> None:
    line = f"{WRITES}9+@101.02#3=1 | survivors 1 2"
    assert stale(f"{line} | recorder 1 bound 0.003") == 1
    assert stale(f"{line} | recorder 1 bound 0.006") == 0


def test_a_stale_read_is_not_good() -> None:
    judgement = told("1+@98#3>4 2+@101#3=0 | survivors 1 | level window=0.1 share=0.01")
    recovery = next(one for one in judgement.recoveries if one.journey == "balance")
    assert (recovery.due, recovery.bad, recovery.stale) == (1, 1, 1)
