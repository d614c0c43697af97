"""What may be chosen when the lab is opened."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, field_validator

from drdrill.model.frozen import Frozen
from drdrill.model.strategy import AURORA_WARM_STANDBY, Strategy

POSTGRES_BIN = "DRDRILL_POSTGRES_BIN"


class Ports(Frozen):
    """The well-known ports inside the lab's own /24; the front door's port comes from the target."""

    control: int = 8600
    network: int = 8601
    gateway: int = 8602
    gateway_internal: int = 8603
    dns: int = 5353
    api: int = 4566
    edge: int = 8070
    balancer: int = 8060
    edge_origin: int = 8061
    checkers: int = 8062
    operators: int = 8063
    workers: int = 9000
    postgres: int = 5432
    ledger: int = 5433
    shelf: int = 5440
    shelf_relay: int = 5441
    scheduler_api: int = 4567
    scheduler_door: int = 8065
    replication: int = 5434
    writes: int = 5436
    zone_watch: int = 5450
    zone_door: int = 5460
    zone_workers: int = 9100
    rescue: int = 5438
    rescue_relay: int = 5439
    second: int = 5442
    second_relay: int = 5443


class LabSettings(Frozen):
    """How the lab is built. Times are in seconds.

    ``strategy`` decides which databases there are, who follows whom, and what the AWS API knows of them.
    ``replication_delay_s`` is the one-way delay of the link that carries the write-ahead log from the primary to the standby.
    ``asynchronous_standby_s`` plants a defect in a Multi-AZ deployment: nobody waits for its standby, whose log comes so late.
    ``time_scale`` divides the target's snapshot interval and the times of its monitor (``model/time_scale.py``).
    ``postgres_bin`` is the folder with ``initdb`` and ``postgres``; None takes ``DRDRILL_POSTGRES_BIN`` from the
    environment, else the binaries that came with the package.
    """

    strategy: Strategy = AURORA_WARM_STANDBY
    workers_per_region: int = Field(default=5, ge=1, le=50)
    health_check_interval_s: float = Field(default=1.0, gt=0)
    threshold: int = Field(default=3, ge=1, le=10)
    ttl_s: int = Field(default=1, ge=0)
    replication_delay_s: float = Field(default=0.0, ge=0)
    accounts: int = Field(default=1000, ge=2)
    opening_paise: int = Field(default=10_000_000, ge=0)
    defect: str = "none"
    time_scale: float = Field(default=1.0, gt=0)
    asynchronous_standby_s: float | None = Field(default=None, ge=0)
    postgres_bin: Path | None = Field(default=None, validate_default=True)
    open_limit_s: float = Field(default=60.0, gt=0)
    ports: Ports = Ports()

    @field_validator("postgres_bin")
    @classmethod
    def _from_environment(cls, chosen: Path | None) -> Path | None:
        named = os.environ.get(POSTGRES_BIN)
        return chosen if chosen is not None or not named else Path(named)
