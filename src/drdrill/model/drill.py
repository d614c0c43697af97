"""The frozen plan of one run: what is done to whom, what the bank approved, and how it is observed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drdrill.model.frozen import Frozen
from drdrill.model.shape import Shape
from drdrill.model.strategy import Strategy
from drdrill.model.target import Target


class FailbackObjectives(Frozen):
    """What the bank approved for the way home, which is a recovery of its own."""

    rto_s: float | None = None
    rpo_s: float | None = None
    loss_operations: int | None = None

    def divided(self, scale: float) -> FailbackObjectives:
        """The same at a time scale: seconds are divided, counts are not."""
        seconds = {"rto_s": self.rto_s, "rpo_s": self.rpo_s}
        return self.model_copy(update={name: None if s is None else s / scale for name, s in seconds.items()})


class Objectives(Frozen):
    """What the bank approved before the run. ``None`` is *not assessed*, never *met*."""

    rto_s: float | None = None
    rpo_s: float | None = None
    loss_operations: int | None = None
    split_brain_operations: int | None = 0
    relapses: int | None = 0
    seconds_below_s: float | None = None
    failed_share: float | None = None
    failback: FailbackObjectives | None = None

    def divided(self, scale: float) -> Objectives:
        """The same at a time scale: seconds are divided, counts and shares are not."""
        seconds = {"rto_s": self.rto_s, "rpo_s": self.rpo_s, "seconds_below_s": self.seconds_below_s}
        divided: dict[str, object] = {name: None if s is None else s / scale for name, s in seconds.items()}
        if self.failback is not None:
            divided["failback"] = self.failback.divided(scale)
        return self.model_copy(update=divided)


class ServiceLevel(Frozen):
    """When a journey counts as served (measuring.md, section 3). ``hold_s`` is H, the time a recovery must last."""

    window_s: float = Field(default=1.0, gt=0)
    good_share: float = Field(default=0.99, gt=0, lt=1)
    latency_s: float = Field(default=1.0, gt=0)
    hold_s: float = Field(default=10.0, ge=0)


class Traffic(Frozen):
    """Open-loop load: arrivals a second, the mix of journeys, the prober's spacing, and each request's own deadline.

    ``connections`` are those of the load generator: ``fresh`` for each request, or ``kept``; a prober's are always fresh.
    """

    rate_per_s: float = Field(default=100.0, ge=0)
    ramp_s: float = Field(default=0.0, ge=0)
    arrivals: Literal["constant", "poisson"] = "constant"
    shape: Shape | None = None
    connections: Literal["fresh", "kept"] = "fresh"
    journeys: dict[str, float] = {"balance": 45.0, "transfer": 45.0, "statement": 10.0}
    probe_spacing_s: float = Field(default=0.02, gt=0)
    probe_journeys: tuple[str, ...] = ("transfer",)
    deadline_s: float = Field(default=2.0, gt=0)
    concurrency_cap: int = Field(default=500, gt=0)
    baseline_s: float = Field(default=10.0, gt=0)
    accounts: int = Field(default=1000, ge=2)


class Limits(Frozen):
    """What stops the drill, or keeps it from beginning."""

    max_lag_s: float = 1.0
    max_duration_s: float = 600.0


class Drill(Frozen):
    """The plan of one run. ``disaster`` names the one fault that RTO and RPO refer to.

    ``objectives``, baseline and limits are those of this run: at a ``time_scale`` of k they are what was approved, divided by k
    (``model/time_scale.py`` says what else is, and what is not). ``approved`` keeps them as they were approved, at full scale (None in
    a plan that was not scaled). The target's times are at full scale.
    ``reconcile``: when all is over and the loss was read, what can be rescued is re-applied, and the books are read again.
    """

    drill_id: str
    title: str
    experiment: str
    experiment_sha256: str
    disaster: str
    strategy: Strategy
    objectives: Objectives
    service_level: ServiceLevel
    traffic: Traffic
    limits: Limits
    target: Target
    seed: int
    reconcile: bool = False
    time_scale: float = Field(default=1.0, gt=0)
    approved: Objectives | None = None
    software: dict[str, str] = {}
