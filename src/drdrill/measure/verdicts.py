"""Verdicts: how an interval meets an objective, how verdicts merge, and what becomes of a check that crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from drdrill.model.judgement import Interval, Verdict

_GRAVITY = (Verdict.PASS, Verdict.UNKNOWN, Verdict.FAIL)
_EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNKNOWN: 2}
ABORTED_EXIT = 5


@dataclass(frozen=True)
class Crash:
    """A check that did not come to an end, and why."""

    because: str


def attempt[T](what: str, check: Callable[[], T]) -> T | Crash:
    """Run one check; if it crashes, that is an answer too (unknown, with the reason), and the other checks go on."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 (the one boundary: a crash becomes an unknown verdict, never a pass)
        return Crash(f"{what} could not be judged: {type(error).__name__}: {error}")


def by_interval(interval: Interval, objective: float) -> Verdict:
    """Pass when the upper end meets the objective, fail when the lower end exceeds it, unknown between."""
    if interval.low > objective:
        return Verdict.FAIL
    if interval.high is not None and interval.high <= objective:
        return Verdict.PASS
    return Verdict.UNKNOWN


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Fail, then unknown, then pass; what was not assessed has no say, and nothing checked is unknown."""
    checked = [verdict for verdict in verdicts if verdict is not Verdict.NOT_ASSESSED]
    return max(checked, key=_GRAVITY.index, default=Verdict.UNKNOWN)


def weakened(verdict: Verdict) -> Verdict:
    """The verdict when part of what could have convicted was not seen: a pass is no longer proved, a fail still is."""
    return Verdict.UNKNOWN if verdict is Verdict.PASS else verdict


def exit_status(verdict: Verdict, *, aborted: bool) -> int:
    """0 pass, 1 fail, 2 unknown, 5 aborted."""
    return ABORTED_EXIT if aborted else _EXIT[verdict]
