"""Amounts with units as people write them in plans: ``60 s``, ``99 %``, ``100/s``, ``0 operations``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_AMOUNT = re.compile(r"^\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>\S.*?)?\s*$")


def _parse(text: object, units: dict[str, float], example: str) -> float:
    match = _AMOUNT.match(text) if isinstance(text, str) else None
    if match is None or match["unit"] not in units:
        known = ", ".join(units)
        raise ValueError(f"{text!r} needs a number and a unit ({known}), for example {example!r}")
    return float(match["number"]) * units[match["unit"]]


def seconds(text: object) -> float:
    """Seconds of a duration such as ``'250 ms'``, ``'1 s'``, ``'15 min'``. A bare number is refused: no unit, no meaning."""
    return _parse(text, _SECONDS, "60 s")


def share(text: object) -> float:
    """A share between 0 and 1 of a percentage such as ``'99 %'``."""
    value = _parse(text, {"%": 0.01}, "99 %")
    if not 0 <= value <= 1:
        raise ValueError(f"{text!r} is not between 0 % and 100 %")
    return value


def per_second(text: object) -> float:
    """Arrivals a second of a rate such as ``'100/s'``."""
    value = _parse(text, {"/s": 1.0}, "100/s")
    if value <= 0:
        raise ValueError(f"{text!r} must be more than nothing")
    return value


def operations(text: object) -> int:
    """A whole number of operations, such as ``'0 operations'``."""
    value = _parse(text, {"operations": 1.0, "operation": 1.0}, "0 operations")
    if value != int(value):
        raise ValueError(f"{text!r} must be a whole number of operations")
    return int(value)


def times(text: object) -> int:
    """A whole number of occurrences, such as ``'0 times'``."""
    value = _parse(text, {"times": 1.0, "time": 1.0}, "0 times")
    if value != int(value):
        raise ValueError(f"{text!r} must be a whole number of times")
    return int(value)


Seconds = Annotated[float, BeforeValidator(seconds)]
Share = Annotated[float, BeforeValidator(share)]
PerSecond = Annotated[float, BeforeValidator(per_second)]
Operations = Annotated[int, BeforeValidator(operations)]
Times = Annotated[int, BeforeValidator(times)]
