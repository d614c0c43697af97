"""A calibration in words: one row for each kind, and the line with which the report of a drill cites it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from drdrill.model.calibration import Calibration, KindResult, Trial
from drdrill.model.drill import Drill
from drdrill.report.wording import amount, clean, listed, percent

KINDS_IN_ALL = 12


class Row(NamedTuple):
    """One kind as tables print it."""

    kind: str
    title: str
    repetitions: str
    truth: str
    error: str
    error_p95: str
    width: str
    contained: str
    late: str
    verdict: str
    reason: str


HEADS = ("kind", "n", "true", "error", "p95", "wide/derived", "hold it", "late", "verdict")
"""Error: median of (middle of the observed interval minus truth); p95: of its size; late: repetitions that the machine disturbed."""


def rows(calibration: Calibration) -> list[Row]:
    """Every kind that was calibrated."""
    return [_row(kind) for kind in calibration.kinds]


def _row(kind: KindResult) -> Row:
    return Row(
        kind=kind.kind,
        title=clean(kind.title),
        repetitions=str(len(kind.trials)),
        truth=_range(kind),
        error=_error(kind, kind.error_median),
        error_p95=_error(kind, kind.error_p95).lstrip("+"),
        width=_width(kind),
        contained=f"{kind.contained}/{len(kind.trials)}",
        late=str(kind.disturbed),
        verdict=kind.verdict.value,
        reason=clean(kind.reason),
    )


def _range(kind: KindResult) -> str:
    truths = [_truth(trial) for trial in kind.trials]
    if not truths:
        return "none"
    low, high = min(truths), max(truths)
    return f"{low:.0f}-{high:.0f} op" if kind.unit == "operations" else f"{low:.2f}-{high:.2f} s"


def _truth(trial: Trial) -> float:
    return (trial.truth.low + (trial.truth.high or trial.truth.low)) / 2


def _error(kind: KindResult, error: float | None) -> str:
    if error is None:
        return "unknown"
    if kind.unit == "operations":
        return amount(error, "").strip()
    return f"{error * 1e3:+.1f} ms".replace("-", "\N{MINUS SIGN}") if error else "0 ms"


def _width(kind: KindResult) -> str:
    if kind.width_median is None or kind.width_expected is None:
        return "\N{EN DASH}" if kind.group == "loss" else "unknown"
    return f"{kind.width_median * 1e3:.0f}/{kind.width_expected * 1e3:.0f} ms"


def citation(calibration: Calibration | None, drill: Drill) -> str | None:
    """The calibration as the report of a drill cites it: which, when, how each kind came out, and whether it holds here."""
    if calibration is None:
        return None
    kinds = listed([_cited(kind) for kind in calibration.kinds]) or "nothing"
    return clean(
        f"{calibration.calibration_id}, begun {calibration.began}, {calibration.repetitions} repetitions of "
        f"{len(calibration.kinds)} of {KINDS_IN_ALL} kinds, {calibration.verdict.value}: {kinds}. "
        f"{_machine(calibration, drill)}; {_software(calibration, drill.software)}"
    )


def _cited(kind: KindResult) -> str:
    if kind.group == "loss":
        return f"{kind.kind} {kind.verdict.value} (exact {kind.contained} of {len(kind.trials)} times)"
    error = "error unknown" if kind.error_p95 is None else f"error p95 {kind.error_p95 * 1e3:.1f} ms"
    share = percent(kind.contained / len(kind.trials)) if kind.trials else "none"
    return f"{kind.kind} {kind.verdict.value} ({error}, {share} hold the truth)"


def _machine(calibration: Calibration, drill: Drill) -> str:
    machine = drill.software.get("machine")
    if machine is None:
        return "Whether it was made on the drill's machine is not known"
    if machine == calibration.machine:
        return "It was made on the machine of this drill"
    return f"It was made on ANOTHER MACHINE ({calibration.machine}; this drill: {machine})"


def _software(calibration: Calibration, software: Mapping[str, str]) -> str:
    known = [name for name in calibration.software if name in software]
    if "drdrill" not in known:
        return "whether the software is the same is not known"
    differ = [
        f"{name} {calibration.software[name]}, now {software[name]}"
        for name in known
        if software[name] != calibration.software[name]
    ]
    if differ:
        return f"OTHER SOFTWARE has been installed since ({'; '.join(differ)}): calibrate again"
    return f"the software is the same ({', '.join(f'{name} {software[name]}' for name in known)})"
