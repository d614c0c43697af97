"""What a calibration found: the true value of every repetition, what the instrument said, and whether it held it."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field

from drdrill.model.drill import ServiceLevel
from drdrill.model.frozen import Frozen
from drdrill.model.judgement import Interval, Verdict

Group = Literal["total", "queued", "partial", "loss"]
"""``total``: every request fails, and the middle of the interval is judged. ``queued``: total, but what waited is answered
at the end. ``partial``: a share fails. Of these two the width is derived and judged. ``loss``: counted, to the operation."""


class Trial(Frozen):
    """One repetition, in the unit of its kind.

    ``truth`` is the bracket in which the injecting process knows the true value to lie; ``observed`` what the judge said (None:
    no interval). ``disturbed`` says how the machine itself, and not the instrument, was late (None: it was not).
    ``exact`` is for losses: the very operations, not only as many. ``evidence`` is relative to the calibration's folder.
    """

    number: int
    truth: Interval
    observed: Interval | None
    state: str
    disturbed: str | None = None
    exact: bool | None = None
    expected_width: float | None = None
    evidence: str = ""
    digest: str = ""

    @property
    def contains(self) -> bool:
        """Whether the truth may lie in the observed interval: the two brackets meet. For losses: whether all is exact."""
        if self.observed is None or self.exact is False:
            return False
        assert self.truth.high is not None
        reaches = self.observed.high is None or self.observed.high >= self.truth.low
        return reaches and self.observed.low <= self.truth.high

    @property
    def error(self) -> float | None:
        """The middle of what was observed minus the middle of the truth; None without a closed interval."""
        if self.observed is None or self.observed.high is None or self.truth.high is None:
            return None
        return round((self.observed.low + self.observed.high - self.truth.low - self.truth.high) / 2, 6)

    @property
    def width(self) -> float | None:
        """How wide the observed interval is; None when it is open or was not given."""
        if self.observed is None or self.observed.high is None:
            return None
        return round(self.observed.high - self.observed.low, 6)


class KindResult(Frozen):
    """All repetitions of one kind, and what they add up to. ``error_p95`` is of the error without its sign."""

    kind: str
    title: str
    group: Group
    unit: Literal["s", "operations"]
    level: ServiceLevel | None = None
    trials: tuple[Trial, ...]
    error_median: float | None
    error_p95: float | None
    width_median: float | None
    width_expected: float | None
    truth_known_to: float
    contained: int
    disturbed: int
    verdict: Verdict
    reason: str


class Calibration(Frozen):
    """One run of the calibration. ``began`` is wall time (a label); ``limits`` are the bounds that verdicts were held against."""

    format: Literal["drdrill-calibration/1"] = "drdrill-calibration/1"
    calibration_id: str
    began: str
    took_s: float
    repetitions: int
    seed: int
    probe_spacing_s: float
    share_containing: float = Field(gt=0, le=1)
    software: dict[str, str]
    machine: str
    verdict: Verdict
    kinds: tuple[KindResult, ...]

    def to_json(self) -> str:
        """The canonical text: same calibration, same bytes."""
        return (
            json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
            + "\n"
        )
