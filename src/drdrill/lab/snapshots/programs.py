"""The programs that snapshot-copy adds to a region: the shelf of its snapshots, and the functions that a schedule calls there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drdrill.lab.gateway.aws_names import AwsNames
from drdrill.lab.layout import EVERYWHERE
from drdrill.lab.passwords import REPLICATOR
from drdrill.lab.postgres.binaries import Binaries
from drdrill.lab.programs import Programs
from drdrill.lab.snapshots.config import ShelfConfig
from drdrill.model.target import Snapshots
from drdrill.model.time_scale import LOOK_FLOOR_S, scaled_s

READY_PATH = "/ready"
KEEPER_LOOKS = 15
"""How often in an interval the keeper looks for something to do."""


def shelf_folder(directory: Path, region: str) -> Path:
    """Where a region's snapshots lie in the lab's directory."""
    return directory / "shelves" / region


def _other(programs: Programs, region: str) -> str:
    return next(other for other in programs.layout.target.regions if other != region)


def shelf_of(programs: Programs, binaries: Binaries, directory: Path, region: str) -> dict[str, Any] | None:
    """The configuration of a region's shelf, whose folder is made; None in a lab without snapshots."""
    layout = programs.layout
    if layout.settings.strategy.data != "snapshot-copy":
        return None
    folder = shelf_folder(directory, region)
    folder.mkdir(parents=True, mode=0o711)
    config = ShelfConfig(
        region=region,
        listen=layout.shelf(region),
        folder=folder,
        token=programs.token,
        database=layout.postgres(region),
        role=REPLICATOR,
        password=programs.passwords[REPLICATOR],
        binaries=binaries.folder,
        version=binaries.version,
        other_region=_other(programs, region),
        other_shelf=layout.shelf_relay(region),
    )
    return config.model_dump(mode="json")


def functions_of(programs: Programs, region: str) -> list[tuple[str, dict[str, Any]]]:
    """Name and schedule of every function of a region: the keeper in the primary's, the monitor in the other."""
    target, scale = programs.layout.target, programs.layout.settings.time_scale
    if programs.layout.settings.strategy.data != "snapshot-copy" or target.snapshots is None:
        return []
    snapshots = target.snapshots
    if region == target.primary_region:
        every_s = scaled_s(snapshots.interval_s, scale)
        return [
            ("keeper", _job(programs, region, "snapshot_keeper", every_s / KEEPER_LOOKS, _keeper(snapshots, scale)))
        ]
    every_s = scaled_s(snapshots.monitor_interval_s, scale)
    return [("monitor", _job(programs, region, "health_monitor", every_s, _monitor(programs, snapshots, every_s)))]


def _job(programs: Programs, region: str, function: str, every_s: float, environment: dict[str, str]) -> dict[str, Any]:
    layout = programs.layout
    target, places = layout.target, (*layout.target.regions, EVERYWHERE)
    assert target.rds is not None and target.snapshots is not None
    endpoints = {place: f"http://{layout.scheduler_api(region, place)}" for place in places}
    common = {
        "PRIMARY_REGION": target.primary_region,
        "RECOVERY_REGION": target.recovery_region,
        "TABLE": target.snapshots.table,
        "DB_INSTANCE": target.rds.instances[target.primary_region],
        "AWS_ENDPOINTS": json.dumps(endpoints),
        "AWS_REGION": region,
        "AWS_ACCESS_KEY_ID": "drdrill-lab",
        "AWS_SECRET_ACCESS_KEY": "drdrill-lab",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {
        "function": f"drdrill.lambdas.{function}",
        "every_s": every_s,
        "environment": {**common, **environment},
    }


def _keeper(snapshots: Snapshots, scale: float) -> dict[str, str]:
    return {"SNAPSHOT_INTERVAL_S": str(scaled_s(snapshots.interval_s, scale)), "KEPT": str(snapshots.kept)}


def _monitor(programs: Programs, snapshots: Snapshots, every_s: float) -> dict[str, str]:
    target, scale = programs.layout.target, programs.layout.settings.time_scale
    assert target.rds is not None
    timeout_s = scaled_s(snapshots.monitor_timeout_s, scale, floor_s=LOOK_FLOOR_S)
    return {
        "RESTORED_INSTANCE": target.rds.instances[target.recovery_region],
        "FRONT_DOOR_URL": f"http://{programs.layout.scheduler_door(target.recovery_region)}{READY_PATH}",
        "HEALTH_CHECK_ID": AwsNames(target).health_check_id(target.primary_region),
        "INTERVAL_S": str(every_s),
        "THRESHOLD": str(snapshots.monitor_threshold),
        "LOOKS": ",".join(snapshots.monitor_looks),
        "LOOK_TIMEOUT_S": str(timeout_s),
    }
