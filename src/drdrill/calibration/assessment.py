"""What repetitions add up to: the share that holds the truth, the error of the middle, the width, and the verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import median

from drdrill.calibration.kinds import LossKind, OutageKind
from drdrill.model.calibration import KindResult, Trial
from drdrill.model.judgement import Verdict

SHARE_CONTAINING = 0.99
ERROR_PERCENTILE = 0.95
WIDTH_FACTOR = 2.0
"""The median width may be this many times more or less than the one derived; single ones vary as much as chance does."""


def assess_outages(kind: OutageKind, trials: Sequence[Trial], spacing_s: float) -> KindResult:
    """The result of one kind of outage. What the machine disturbed is judged by its interval like the rest; only where it
    alone could be to blame is the verdict ``unknown`` instead of ``fail``."""
    checks = [_containing(trials)]
    checks.append(_error(trials, spacing_s) if kind.group == "total" else _width(trials))
    return _result(kind, trials, checks)


def assess_losses(kind: LossKind, trials: Sequence[Trial]) -> KindResult:
    """The result of one kind of loss: exact to the operation, every time."""
    return _result(kind, trials, [_containing(trials, needed=1.0)])


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Fail, then unknown, then pass; nothing calibrated is unknown."""
    found = set(verdicts)
    return next((v for v in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS) if v in found), Verdict.UNKNOWN)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that the share of them does not exceed (nearest rank)."""
    return sorted(values)[max(ceil(len(values) * share - 1e-9), 1) - 1]


_Check = tuple[Verdict, str]


def _containing(trials: Sequence[Trial], needed: float = SHARE_CONTAINING) -> _Check:
    if not trials:
        return Verdict.UNKNOWN, "nothing was repeated"
    missed = [trial for trial in trials if not trial.contains]
    excused = [trial for trial in missed if trial.disturbed]
    worst, best = 1 - len(missed) / len(trials), 1 - (len(missed) - len(excused)) / len(trials)
    told = f"{len(trials) - len(missed)} of {len(trials)} hold the truth, {needed:.0%} must"
    if worst >= needed:
        return Verdict.PASS, told
    if best < needed:
        sound = next(trial for trial in missed if not trial.disturbed)
        return Verdict.FAIL, f"{told}; number {sound.number} does not ({_seen(sound)})"
    return Verdict.UNKNOWN, f"{told}; the machine was too slow: {excused[0].disturbed}"


def _error(trials: Sequence[Trial], limit_s: float) -> _Check:
    errors = [abs(trial.error) for trial in trials if trial.error is not None]
    if len(errors) < len(trials) or not errors:
        return _uncounted(trials, "no error can be said: not every repetition has an interval")
    worst = percentile(errors, ERROR_PERCENTILE)
    best = percentile([0.0 if t.disturbed else abs(t.error or 0) for t in trials], ERROR_PERCENTILE)
    told = (
        f"the middle is off by up to {worst * 1e3:.1f} ms (95th percentile), one probe spacing is {limit_s * 1e3:g} ms"
    )
    if worst <= limit_s:
        return Verdict.PASS, told
    if best > limit_s:
        return Verdict.FAIL, told
    blamed = max((t for t in trials if t.disturbed), key=lambda t: abs(t.error or 0))
    return Verdict.UNKNOWN, f"{told}; the machine was too slow: {blamed.disturbed}"


def _width(trials: Sequence[Trial]) -> _Check:
    both = [(t.width, t.expected_width) for t in trials if t.width is not None and t.expected_width]
    if len(both) < len(trials) or not both:
        return _uncounted(trials, "no width can be said: not every repetition has an interval")
    ratio = median(seen / expected for seen, expected in both)
    told = f"intervals are {ratio:.2f} times as wide as derived, at most {WIDTH_FACTOR:g} times more or less is allowed"
    if 1 / WIDTH_FACTOR <= ratio <= WIDTH_FACTOR:
        return Verdict.PASS, told
    disturbed = [t.disturbed for t in trials if t.disturbed]
    return (
        (Verdict.UNKNOWN, f"{told}; the machine was too slow: {disturbed[0]}")
        if len(disturbed) * 2 > len(trials)
        else (Verdict.FAIL, told)
    )


def _uncounted(trials: Sequence[Trial], told: str) -> _Check:
    without = [trial for trial in trials if trial.error is None]
    excused = bool(trials) and all(trial.disturbed for trial in without)
    return (Verdict.UNKNOWN if excused or not trials else Verdict.FAIL), told


def _seen(trial: Trial) -> str:
    truth, observed = trial.truth, trial.observed
    if observed is None:
        return f"true {truth.low:.3f} to {truth.high:.3f}, and the judge said {trial.state}"
    high = "unbounded" if observed.high is None else f"{observed.high:.3f}"
    return f"true {truth.low:.3f} to {truth.high:.3f}, observed {observed.low:.3f} to {high}"


def _result(kind: OutageKind | LossKind, trials: Sequence[Trial], checks: Sequence[_Check]) -> KindResult:
    verdict = gravest(found for found, _ in checks)
    errors = [trial.error for trial in trials if trial.error is not None]
    widths = [trial.width for trial in trials if trial.width is not None]
    expected = [trial.expected_width for trial in trials if trial.expected_width is not None]
    level = kind.level if isinstance(kind, OutageKind) else None
    return KindResult(
        kind=kind.name,
        title=kind.title,
        group=kind.group,
        unit="s" if level is not None or kind.name.endswith("span") else "operations",
        level=level,
        trials=tuple(trials),
        error_median=round(median(errors), 6) if errors else None,
        error_p95=round(percentile([abs(error) for error in errors], ERROR_PERCENTILE), 6) if errors else None,
        width_median=round(median(widths), 6) if widths else None,
        width_expected=round(median(expected), 6) if expected else None,
        truth_known_to=round(max(((t.truth.high or 0) - t.truth.low for t in trials), default=0.0), 6),
        contained=sum(trial.contains for trial in trials),
        disturbed=sum(trial.disturbed is not None for trial in trials),
        verdict=verdict,
        reason="; ".join(told for _, told in checks),
    )
