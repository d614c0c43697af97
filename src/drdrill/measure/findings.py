"""How a finding is worded: the consequence first, then what was seen, then what was asked."""

from __future__ import annotations

from drdrill.measure.figures import plain
from drdrill.measure.verdicts import Crash
from drdrill.model.drill import Drill
from drdrill.model.judgement import Finding, Interval, Verdict

WITNESSES = 20
"""How many operations a finding names."""


def asked_s(drill: Drill, objective_s: float | None) -> str | None:
    """An objective in seconds; when the drill ran at a scale, with the scale and the full-scale objective."""
    if objective_s is None:
        return None
    if drill.time_scale == 1:
        return f"{plain(objective_s)} s"
    full_s = objective_s * drill.time_scale
    return f"{plain(objective_s)} s at scale 1:{plain(drill.time_scale)} ({plain(full_s)} s at full scale)"


def finding(
    identity: str,
    title: str,
    heads: tuple[str, str],
    verdict: Verdict,
    seen: str,
    *,
    observed: str,
    objective: str | None,
    interval: Interval | None = None,
    unit: str = "",
    witnesses: tuple[int, ...] = (),
) -> Finding:
    """A finding whose sentence is ``<consequence>: <seen>, objective …``; ``heads`` are the consequences of pass and fail."""
    asked = (
        ", no objective was set" if objective is None else f", objective {objective}" if objective[0].isdigit() else ""
    )
    consequence = dict(zip((Verdict.PASS, Verdict.FAIL), heads, strict=True)).get(verdict, f"{title} {verdict.value}")
    return Finding(
        id=identity,
        title=title,
        objective=objective,
        observed=observed,
        interval=interval,
        unit=unit,
        verdict=verdict,
        reason=f"{consequence}: {seen}{asked}",
        witnesses=witnesses[:WITNESSES],
    )


def crashed(identity: str, title: str, crash: Crash, objective: str | None = None) -> Finding:
    """The finding of a check that did not come to an end."""
    return unknown(identity, title, crash.because, objective)


def unknown(identity: str, title: str, because: str, objective: str | None = None) -> Finding:
    """A finding that could not be made, and why."""
    return Finding(
        id=identity,
        title=title,
        objective=objective,
        observed="unknown",
        interval=None,
        unit="",
        verdict=Verdict.UNKNOWN,
        reason=f"{title} unknown: {because}",
    )
