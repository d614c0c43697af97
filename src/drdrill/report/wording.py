"""How numbers and strangers' text are written: the same words on the page, in the terminal and in the XML.

Interval ends are rounded outwards, so that what is printed never claims more than what was observed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from drdrill.model.judgement import Interval
from drdrill.model.operation import recorder_of, sequence_of
from drdrill.report.rupees import grouped

_CITIES = {"ap-south-1": "Mumbai", "ap-south-2": "Hyderabad"}
_SPACES = re.compile(r"[\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """One line without control characters, text-direction tricks or halves of characters.

    Titles and server texts are written by strangers: an escape sequence must not repaint the operator's terminal, and
    a character that XML forbids must not make the report unreadable.
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", _SPACES.sub(" ", text))


def _rounded(value: float, places: int, direction: str) -> str:
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), rounding=direction)
    return f"{exact if exact else abs(exact):f}".replace("-", "\N{MINUS SIGN}")


def seconds(interval: Interval) -> str:
    """An interval of seconds: ``12.41 to 12.47 s``; one number when both ends agree; ``1.45 s or more``."""
    places = 3 if 0 < max(abs(interval.low), abs(interval.high or 0.0)) < 0.1 else 2
    low = _rounded(interval.low, places, ROUND_FLOOR)
    if interval.high is None:
        return f"{low} s or more"
    high = _rounded(interval.high, places, ROUND_CEILING)
    return f"{low} s" if low == high else f"{low} to {high} s"


def amount(value: float, unit: str = "s") -> str:
    """One plain amount: ``60 s``, ``0.25 s``, ``2.5 s``."""
    return f"{value:.3f}".rstrip("0").rstrip(".").replace("-", "\N{MINUS SIGN}") + f" {unit}"


def moment(at_s: float) -> str:
    """A point on the drill's axis, zero being the disaster: ``+12.41 s``, ``-1.45 s``."""
    text = f"{at_s:+.2f} s"
    return "0.00 s" if text in ("+0.00 s", "-0.00 s") else text.replace("-", "\N{MINUS SIGN}")


def count(interval: Interval) -> str:
    """An interval of whole operations: ``32``, ``32 to 35``."""
    low = grouped(round(interval.low))
    if interval.high is None:
        return f"{low} or more"
    high = grouped(round(interval.high))
    return low if low == high else f"{low} to {high}"


def percent(share: float) -> str:
    """A share as a percentage, without needless zeros: ``99 %``."""
    return f"{share * 100:.4f}".rstrip("0").rstrip(".") + " %"


def plural(number: int, one: str, many: str | None = None) -> str:
    """``1 payment``, ``32 payments``."""
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def region_name(region: str) -> str:
    """A region with its city where that is known: ``Mumbai (ap-south-1)``."""
    return f"{_CITIES[region]} ({region})" if region in _CITIES else region


def operation_name(op_id: int) -> str:
    """Where an operation stands in the record: recorder number and sequence."""
    return f"{recorder_of(op_id)}/{sequence_of(op_id)}"


def particulars(detail: dict[str, Any]) -> str:
    """A mark's details on one line, in a stable order."""
    return ", ".join(f"{key} {detail[key]}" for key in sorted(detail) if detail[key] is not None)
