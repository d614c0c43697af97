"""The age of what a secondary has reached."""

from __future__ import annotations

from drdrill.lab.gateway.lag import PositionNotes

MS = 1_000_000


def notes(*looks: tuple[int, int]) -> PositionNotes:
    made = PositionNotes()
    for position, at_ms in looks:
        made.note(position, at_ms * MS)
    return made


def test_without_a_look_at_the_primary_there_is_no_lag_to_tell() -> None:
    assert notes().age_ms(5, 1) is None


def test_who_has_everything_is_behind_by_the_time_since_the_look() -> None:
    assert notes((10, 1000), (20, 2000)).age_ms(20, 2003 * MS) == 3


def test_who_has_only_the_older_position_is_behind_by_its_age() -> None:
    assert notes((10, 1000), (20, 2000), (30, 3000)).age_ms(29, 3500 * MS) == 1500


def test_an_idle_primary_does_not_make_the_lag_grow() -> None:
    assert notes((10, 1000), (10, 2000), (10, 3000)).age_ms(10, 3001 * MS) == 1


def test_while_the_primary_is_silent_the_lag_grows() -> None:
    assert notes((10, 1000)).age_ms(10, 61_000 * MS) == 60_000


def test_who_has_not_reached_the_oldest_note_is_behind_at_least_by_its_age() -> None:
    assert notes((10, 1000), (20, 2000)).age_ms(3, 5000 * MS) == 4000
