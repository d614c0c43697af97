"""Calibrations as they might come out, to look at tables, pictures and citations."""

from __future__ import annotations

from drdrill.model.calibration import Calibration, KindResult, Trial
from drdrill.model.judgement import Interval, Verdict

MACHINE = "x86_64, 2 CPUs, Linux 6.8, host 0a1b2c3d"
SOFTWARE = {"python": "3.13.0", "drdrill": "0.1.0"}


def trial(number: int, off_s: float = 0.005, *, true_s: float = 1.0, disturbed: str | None = None) -> Trial:
    return Trial(
        number=number,
        truth=Interval(low=true_s, high=true_s + 0.0002),
        observed=Interval(low=true_s + off_s - 0.011, high=true_s + off_s + 0.011),
        state="restored",
        disturbed=disturbed,
        expected_width=0.02,
    )


def kind(
    name: str = "refused", *, verdict: Verdict = Verdict.PASS, trials: tuple[Trial, ...] | None = None
) -> KindResult:
    found = trials if trials is not None else tuple(trial(n, 0.002 * n, true_s=n / 3) for n in range(1, 5))
    errors = sorted(abs(one.error or 0) for one in found)
    return KindResult(
        kind=name,
        title=f"The kind {name}",
        group="total",
        unit="s",
        trials=found,
        error_median=errors[len(errors) // 2] if errors else None,
        error_p95=errors[-1] if errors else None,
        width_median=0.022,
        width_expected=0.02,
        truth_known_to=0.0002,
        contained=sum(one.contains for one in found),
        disturbed=sum(one.disturbed is not None for one in found),
        verdict=verdict,
        reason=f"what was seen of {name}",
    )


def lost() -> KindResult:
    point = Interval(low=80, high=80)
    one = Trial(number=1, truth=point, observed=point, state="read", exact=True)
    return kind("split-brain-span", trials=(one,)).model_copy(
        update={"group": "loss", "unit": "operations", "error_median": 0.0, "error_p95": 0.0, "width_expected": None}
    )


def calibration(*kinds: KindResult, verdict: Verdict = Verdict.PASS) -> Calibration:
    return Calibration(
        calibration_id="20261123T201500Z-a1b2",
        began="2026-11-23T20:15:00+00:00",
        took_s=130.2,
        repetitions=4,
        seed=1,
        probe_spacing_s=0.02,
        share_containing=0.99,
        software=SOFTWARE,
        machine=MACHINE,
        verdict=verdict,
        kinds=kinds or (kind(), lost()),
    )
