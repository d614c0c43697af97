"""Figures as people read them: seconds, intervals, counts, and rupees in lakh and crore."""

from __future__ import annotations

from drdrill.model.judgement import Interval


def seconds_of(duration_ns: int) -> float:
    """Nanoseconds as seconds, rounded to a microsecond: the precision of everything in a judgement."""
    return round(int(duration_ns) / 1e9, 6) + 0.0


def interval_s(low_ns: int, high_ns: int | None, *, floor_ns: int | None = 0, widen_ns: int = 0) -> Interval:
    """An interval in seconds, widened on both sides and then kept at or above ``floor_ns`` (None: no floor)."""
    low, high = low_ns - widen_ns, None if high_ns is None else high_ns + widen_ns
    if floor_ns is not None:
        low, high = max(low, floor_ns), None if high is None else max(high, floor_ns)
    return Interval(low=seconds_of(low), high=None if high is None else seconds_of(high))


def plain(value: float) -> str:
    """A number with at most three decimals and no trailing zeros."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def spread(interval: Interval, unit: str) -> str:
    """An interval as words: ``31.2 to 31.6 s``, ``32 operations``, ``at least 1.45 s``."""
    if interval.high is None:
        return f"at least {plain(interval.low)} {unit}"
    low, high = plain(interval.low), plain(interval.high)
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def counted(number: int, noun: str) -> str:
    """A count with its noun: ``1 operation``, ``2 operations``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def rupees(paise: int) -> str:
    """Paise as rupees with Indian grouping: ``₹1,00,000.00``."""
    sign, (whole, rest) = "-" if paise < 0 else "", divmod(abs(paise), 100)
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    groups: list[str] = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return f"{sign}₹{','.join([*groups, tail])}.{rest:02d}"
