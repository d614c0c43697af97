"""When the primary counts as lost: every rule with its negative twin."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from drdrill.lambdas.health_monitor import Rules, noted
from drdrill.lambdas.looks import Seen, State
from drdrill.lambdas.register import Recovery

BEGAN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
RULES = Rules(threshold=3, interval_s=60)
ALIVE = Recovery(seen_up_at=BEGAN.isoformat())


def look(states: str) -> list[Seen]:
    """``ud?``: the first vantage sees it up, the second gone, the third does not know."""
    meaning: dict[str, State] = {"u": "up", "d": "down", "?": "not known"}
    return [Seen(f"vantage-{number}", meaning[state], "said so") for number, state in enumerate(states)]


def after(*looks: str, start: Recovery = ALIVE, every_s: float = 60) -> Recovery:
    recovery = start
    for number, states in enumerate(looks, 1):
        recovery = noted(recovery, look(states), BEGAN + timedelta(seconds=number * every_s), RULES)
        if recovery.phase != "watching":
            break
    return recovery


def test_three_looks_in_a_row_from_every_vantage_declare_it_lost() -> None:
    recovery = after("ddd", "ddd", "ddd")
    assert recovery.phase == "declared"
    assert recovery.failed_in_a_row == 3
    assert recovery.declared_at and recovery.first_failed_at < recovery.declared_at


@pytest.mark.parametrize("looks", [["ddd"], ["ddd", "ddd"]])
def test_fewer_looks_do_not(looks: list[str]) -> None:
    assert after(*looks).phase == "watching"


@pytest.mark.parametrize("states", ["udd", "dud", "ddu"])
def test_one_vantage_that_sees_it_alive_is_enough_for_ever(states: str) -> None:
    recovery = after(*[states] * 20)
    assert recovery.phase == "watching"
    assert recovery.failed_in_a_row == 0


def test_one_look_that_sees_it_alive_begins_the_count_anew() -> None:
    assert after("ddd", "ddd", "ddu", "ddd", "ddd").phase == "watching"
    assert after("ddd", "ddd", "ddu", "ddd", "ddd", "ddd").phase == "declared"


def test_a_vantage_that_does_not_know_neither_counts_nor_begins_anew() -> None:
    assert after("ddd", "dd?", "dd?", "ddd").phase == "watching"
    assert after("ddd", "dd?", "ddd", "ddd").phase == "declared"


def test_a_primary_that_was_never_seen_alive_is_never_declared_lost() -> None:
    assert after(*["ddd"] * 20, start=Recovery()).phase == "watching"


def test_two_runs_at_once_count_as_one_look() -> None:
    """Three pairs of runs, 2 s apart, in 60 s: as many looks as a declaration needs, but not spread over the time it needs."""
    recovery = after(*["ddd"] * 5, every_s=2)
    assert recovery.phase == "watching"
    assert recovery.failed_in_a_row == 1


def test_a_run_too_soon_still_notices_life() -> None:
    down = after("ddd", "ddd")
    alive = noted(down, look("ddu"), BEGAN + timedelta(seconds=121), RULES)
    assert alive.failed_in_a_row == 0


def test_every_look_is_told() -> None:
    recovery = after("du?")
    assert recovery.last_look == {
        "vantage-0": "down: said so",
        "vantage-1": "up: said so",
        "vantage-2": "not known: said so",
    }


def test_giving_a_snapshot_up_goes_back_to_choosing_and_remembers_why() -> None:
    restoring = replace(ALIVE, phase="restoring", attempt=1, snapshot="newest", unusable={"older": "it burnt"})
    given_up = restoring.given_up("it is failed")
    assert given_up.phase == "declared"
    assert given_up.attempt == 1
    assert given_up.unusable == {"older": "it burnt", "newest": "it is failed"}
