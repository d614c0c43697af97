"""The plans of a calibration: what a drill's plan is, for outages and losses that are known beforehand."""

from __future__ import annotations

import hashlib

from drdrill.calibration.kinds import PROBE_SPACING_S, OutageKind
from drdrill.model.drill import Drill, Limits, Objectives, ServiceLevel, Traffic
from drdrill.model.estate import Address
from drdrill.model.strategy import AURORA_WARM_STANDBY
from drdrill.model.target import Aurora, FrontDoor, Target

DISASTER = "calibration"
_REGIONS = ("ap-south-1", "ap-south-2")
_EXPERIMENT = b"calibration\n"


def outage_plan(kind: OutageKind, door: Address, seed: int) -> Drill:
    """The plan of all repetitions of one kind: a prober alone, at the door of a reference bank."""
    traffic = Traffic(rate_per_s=0, probe_spacing_s=PROBE_SPACING_S, probe_journeys=("transfer",), accounts=100)
    return _plan(f"calibration-{kind.name}", kind.title, kind.level, traffic, target_at(door, "reference bank"), seed)


def loss_plan(number: int, seed: int) -> Drill:
    """The plan of one lab whose losses are known: no traffic but the transfers that are counted."""
    traffic = Traffic(rate_per_s=0, probe_journeys=(), accounts=100, deadline_s=2.0)
    target = target_at(Address(host="api.bank.example", port=8080), "lab")
    return _plan(f"calibration-loss-{number}", "Known losses", ServiceLevel(), traffic, target, seed)


def target_at(door: Address, name: str) -> Target:
    """A lab's target whose customers come in at ``door``; one worker in each region, so that planted bugs strike by count."""
    return Target(
        name=name,
        kind="lab",
        account_id="123456789012",
        primary_region=_REGIONS[0],
        recovery_region=_REGIONS[1],
        front_door=FrontDoor(
            host=door.host, port=door.port, hosted_zone="bank.example", record_ttl_s=1, health_check_interval_s=1
        ),
        aurora=Aurora(
            global_cluster="bank-ledger",
            clusters=dict(zip(_REGIONS, ("bank-ledger-mumbai", "bank-ledger-hyderabad"), strict=True)),
        ),
        load_balancers=dict(zip(_REGIONS, ("bank-mumbai", "bank-hyderabad"), strict=True)),
        distributions=dict(zip(_REGIONS, ("mumbai", "hyderabad"), strict=True)),
        workers_per_region=1,
        release="calibration",
    )


def _plan(identity: str, title: str, level: ServiceLevel, traffic: Traffic, target: Target, seed: int) -> Drill:
    return Drill(
        drill_id=identity,
        title=title,
        experiment="calibration",
        experiment_sha256=hashlib.sha256(_EXPERIMENT).hexdigest(),
        disaster=DISASTER,
        strategy=AURORA_WARM_STANDBY,
        objectives=Objectives(),
        service_level=level,
        traffic=traffic,
        limits=Limits(),
        target=target,
        seed=seed,
    )
