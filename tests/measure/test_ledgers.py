"""The ledgers of a read, group by group, are what adding up row by row gives."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drdrill.measure.ledgers import by_number, ledgers_of
from drdrill.measure.walk import PART
from drdrill.model.survivors import ENTRY


def row_by_row(entries: npt.NDArray[Any]) -> dict[int, tuple[int, int, int, bool]]:
    """Rows, sum, lowest running sum, and a gap in the numbers, of each account."""
    told = {}
    for account in sorted(set(entries["account"].tolist())):
        mine = sorted(
            (
                (int(row["seq"]), place, int(row["amount_paise"]))
                for place, row in enumerate(entries)
                if row["account"] == account
            )
        )
        running = np.cumsum([amount for _, _, amount in mine])
        numbered = [seq for seq, _, _ in mine] == list(range(1, len(mine) + 1))
        told[account] = (len(mine), int(running[-1]), int(running.min()), not numbered)
    return told


def by_groups(entries: npt.NDArray[Any]) -> dict[int, tuple[int, int, int, bool]]:
    ledgers, rows = ledgers_of(entries)
    assert sorted(rows.tolist()) == sorted(entries.tolist())
    columns = (ledgers.accounts, ledgers.lengths, ledgers.totals, ledgers.lowest, ledgers.has_gap)
    return {
        account: (count, total, low, gap)
        for account, count, total, low, gap in zip(*(c.tolist() for c in columns), strict=True)
    }


accounts = st.sampled_from([-(1 << 31), -1, 0, 1, 2, 65_535, 65_536, (1 << 31) - 1])
entry = st.tuples(st.just(0), st.just(0), accounts, st.integers(-9, 9), st.integers(0, 6))


@settings(deadline=None)
@given(st.lists(entry, min_size=1, max_size=25))
def test_any_rows_in_any_order(rows: list[tuple[int, ...]]) -> None:
    entries = np.array(rows, dtype=ENTRY)
    assert by_groups(entries) == row_by_row(entries)


@pytest.mark.parametrize("disorder", ["in order", "one swapped", "one missing", "one twice"])
def test_more_rows_than_are_looked_at_together(disorder: str) -> None:
    count = 2 * PART + 1000
    entries = np.zeros(count, dtype=ENTRY)
    entries["account"] = np.arange(count) % 3
    entries["seq"] = np.arange(count) // 3 + 1
    entries["amount_paise"] = (np.arange(count) * 7919) % 201 - 100
    place = PART - 1
    if disorder == "one swapped":
        entries[[place, place + 3]] = entries[[place + 3, place]]
    if disorder == "one missing":
        entries = np.delete(entries, place)
    if disorder == "one twice":
        entries["seq"][place + 3] = entries["seq"][place]
    expected = {}
    for account in range(3):
        mine = entries[entries["account"] == account]
        mine = mine[np.argsort(mine["seq"], kind="stable")]
        running = np.cumsum(mine["amount_paise"])
        gap = mine["seq"].tolist() != list(range(1, len(mine) + 1))
        expected[account] = (len(mine), int(running[-1]), int(running.min()), gap)
    assert by_groups(entries) == expected
    assert any(gap for *_, gap in expected.values()) == (disorder in ("one missing", "one twice"))


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1)))
def test_numbers_of_32_bits_are_sorted_stably(numbers: list[int]) -> None:
    column = np.array(numbers, dtype=np.int32)
    assert by_number(column).tolist() == np.argsort(column, kind="stable").tolist()
