"""The frozen plan of one run: what is done to whom, what the bank approved, and how it is observed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drdrill.model.frozen import Frozen
from drdrill.model.target import Target

DataStrategy = Literal[
    "aurora-global",
    "dynamodb-global-table",
    "snapshot-copy",
    "s3-crr",
    "native-replication",
    "multi-az",
]
ApplicationStrategy = Literal["active-active", "warm-standby", "pilot-light"]


class Strategy(Frozen):
    """How the data survives and how the application survives."""

    data: DataStrategy
    application: ApplicationStrategy


class Objectives(Frozen):
    """What the bank approved before the run. ``None`` is *not assessed*, never *met*."""

    rto_s: float | None = None
    rpo_s: float | None = None
    loss_operations: int | None = None
    split_brain_operations: int | None = 0
    relapses: int | None = 0
    seconds_below_s: float | None = None
    failed_share: float | None = None


class ServiceLevel(Frozen):
    """When a journey counts as served (measuring.md, section 3). ``hold_s`` is H, the time a recovery must last."""

    window_s: float = Field(default=1.0, gt=0)
    good_share: float = Field(default=0.99, gt=0, lt=1)
    latency_s: float = Field(default=1.0, gt=0)
    hold_s: float = Field(default=10.0, ge=0)


class Traffic(Frozen):
    """Open-loop load: arrivals a second, the mix of journeys, the prober's spacing, and each request's own deadline."""

    rate_per_s: float = Field(default=100.0, ge=0)
    ramp_s: float = Field(default=0.0, ge=0)
    arrivals: Literal["constant", "poisson"] = "constant"
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
    """The plan of one run. ``disaster`` names the one fault that RTO and RPO refer to."""

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
    time_scale: float = Field(default=1.0, gt=0)
    software: dict[str, str] = {}
