from __future__ import annotations

import pytest

from drdrill.model.judgement import Interval
from drdrill.report.rupees import grouped, rupees, rupees_between


@pytest.mark.parametrize(
    ("paise", "written"),
    [
        (0, "₹0.00"),
        (5, "₹0.05"),
        (99_999, "₹999.99"),
        (1_00_000, "₹1,000.00"),
        (1_23_456_78, "₹1,23,456.78"),
        (1_00_000_00, "₹1,00,000.00"),
        (12_34_56_789_01, "₹12,34,56,789.01"),
        (-1_23_456_78, "-₹1,23,456.78"),
    ],
)
def test_money_is_grouped_in_lakh_and_crore(paise: int, written: str) -> None:
    assert rupees(paise) == written


@pytest.mark.parametrize("number", [0, 7, 12, 123, 1234, 12345, 123456, 1234567, 10**12])
def test_grouping_changes_no_digit(number: int) -> None:
    assert int(grouped(number).replace(",", "")) == number


def test_an_uncertain_amount_is_printed_with_both_ends() -> None:
    assert rupees_between(Interval(low=100, high=250)) == "₹1.00 to ₹2.50"
    assert rupees_between(Interval(low=100, high=100)) == "₹1.00"
    assert rupees_between(Interval(low=100, high=None)) == "₹1.00 or more"
