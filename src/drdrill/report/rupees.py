"""Money as Indian readers write it: paise in, lakh and crore grouping out."""

from __future__ import annotations

from drdrill.model.judgement import Interval


def grouped(number: int) -> str:
    """A whole number with Indian grouping: 12345678 is ``1,23,45,678``."""
    sign, digits = ("-" if number < 0 else ""), str(abs(number))
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return sign + ",".join([*reversed(pairs), tail])


def rupees(paise: int) -> str:
    """Rupees of an amount in paise: 12345678 paise is ``₹1,23,456.78``."""
    whole, rest = divmod(abs(paise), 100)
    return f"{'-' if paise < 0 else ''}₹{grouped(whole)}.{rest:02d}"


def rupees_between(interval: Interval) -> str:
    """The rupees of an interval in paise; one amount when both ends agree."""
    low = rupees(round(interval.low))
    if interval.high is None:
        return f"{low} or more"
    high = rupees(round(interval.high))
    return low if low == high else f"{low} to {high}"
