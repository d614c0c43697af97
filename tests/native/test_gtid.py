"""Positions in MariaDB's log: what is missing is counted, and histories that parted are told."""

from __future__ import annotations

import pytest

from drdrill.errors import Unprovable
from drdrill.native.gtid import never_received, position_of, transactions_missing


@pytest.mark.parametrize(
    ("position", "wanted", "missing"),
    [
        ("", "", 0),
        ("0-1-100", "0-1-100", 0),
        ("0-1-100", "0-1-105", 5),
        ("0-2-107", "0-1-105", 0),
        ("0-1-5", "0-1-7,3-1-4", 6),
    ],
)
def test_what_is_missing_is_counted_in_every_domain(position: str, wanted: str, missing: int) -> None:
    assert transactions_missing(position_of(position), position_of(wanted)) == missing


@pytest.mark.parametrize("text", ["1", "0-1", "a-b-c", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5"])
def test_what_is_no_position_of_mariadb_is_refused(text: str) -> None:
    with pytest.raises(Unprovable, match="no GTID position"):
        position_of(text)


def test_an_old_primary_whose_last_payments_never_arrived_is_told_although_the_new_one_is_further() -> None:
    assert never_received("0-1-105", "0-1-100,0-2-107") == ("0-1-105",)
    assert never_received("0-1-100", "0-1-100,0-2-107") == ()
