"""Waiting for a condition, never for a time: with a limit, and saying what was awaited and what was seen last."""

from __future__ import annotations

import time
from collections.abc import Callable

from drdrill.errors import DrillError, Unprovable


def wait_until[T](
    awaited: str,
    look: Callable[[], T | None],
    *,
    limit_s: float,
    every_s: float = 0.05,
    seen: Callable[[], object] | None = None,
    error: type[DrillError] = Unprovable,
    now_ns: Callable[[], int] = time.monotonic_ns,
) -> T:
    """Call ``look`` until it answers something true, and return that.

    Raises ``error`` after ``limit_s`` seconds with what was awaited and what was seen last (``seen()`` if given, else
    the last answer of ``look``).
    """
    deadline_ns = now_ns() + int(limit_s * 1e9)
    while True:
        answer = look()
        if answer:
            return answer
        if now_ns() >= deadline_ns:
            last = seen() if seen is not None else answer
            raise error(f"gave up after {limit_s:g} s waiting until {awaited}; last seen: {last}")
        time.sleep(every_s)  # noqa: TID251 (the one place that may: it waits for a condition)
