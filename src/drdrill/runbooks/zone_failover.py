"""The recovery of a Multi-AZ instance is RDS's own doing; here it is watched, and its steps are marked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from drdrill.aws.clients import AwsError
from drdrill.aws.front_door import Answer, Silence, ask
from drdrill.aws.multi_az import FAILOVER_COMPLETED, FAILOVER_STARTED, describe_multi_az, events_since
from drdrill.model.mark import DATABASE_WRITABLE, FAULT_REQUESTED, OUTAGE_DETECTED, RECOVERY_DECLARED, TRAFFIC_ROUTED
from drdrill.record.marks import read_marks
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.zone_failover"
IN_A_ROW = 20
"""So many answers: every worker looks the endpoint's name up for itself, and they forget the old address one by one."""

_READY = 200


def wait_until_failed_over(scene: Scene, *, limit_s: float) -> str:
    """Wait for RDS's events and for the bank; marks what is seen, when it is seen. Raises ``Unprovable`` after the limit.

    ``outage.detected`` and ``recovery.declared``: RDS tells that it fails over. ``database.writable``: it tells that it has.
    ``traffic.routed``: the bank's workers, by the endpoint's name, reach a database that takes writes.
    """
    began = _fault_began(scene)
    _wait_for_event(scene, began, FAILOVER_STARTED, limit_s)
    scene.marks.add(OUTAGE_DETECTED, SOURCE, seen=FAILOVER_STARTED)
    scene.marks.add(RECOVERY_DECLARED, SOURCE, by="RDS")
    _wait_for_event(scene, began, FAILOVER_COMPLETED, limit_s)
    state = describe_multi_az(scene.aws)
    scene.marks.add(DATABASE_WRITABLE, SOURCE, zone=state.zone)
    region = scene.session.estate.target.primary_region
    last: list[Answer | Silence] = []

    def ready() -> bool:
        for _ in range(IN_A_ROW):
            last[:] = [ask(scene.session.estate.front_doors[region], "/ready", limit_s=1.0)]
            if not isinstance(last[0], Answer) or last[0].status != _READY:
                return False
        return True

    wait_until("the bank reaches the new primary", ready, limit_s=limit_s, every_s=0.05, seen=lambda: last)
    scene.marks.add(TRAFFIC_ROUTED, SOURCE, zone=state.zone)
    return str(state)


def wait_until_protected(scene: Scene, *, limit_s: float) -> str:
    """Wait until a standby holds every commit again. Raises ``Unprovable`` after the limit."""
    last: list[object] = []

    def protected() -> bool:
        try:
            state = describe_multi_az(scene.aws)
        except AwsError as error:
            last[:] = [error]
            return False
        last[:] = [state]
        return state.protected

    wait_until("a standby protects the instance", protected, limit_s=limit_s, every_s=0.1, seen=lambda: last)
    return str(last[0])


def _wait_for_event(scene: Scene, began: datetime, words: str, limit_s: float) -> None:
    told: list[object] = []

    def heard() -> bool:
        try:
            told[:] = events_since(scene.aws, began)
        except AwsError as error:
            told[:] = [error]
        return any(str(message).startswith(words) for message in told)

    wait_until(f"RDS tells: {words}", heard, limit_s=limit_s, every_s=0.05, seen=lambda: told)


def _fault_began(scene: Scene) -> datetime:
    """When the newest fault was requested, by the wall clock, because RDS dates its events so."""
    marks, _ = read_marks(scene.folder.marks)
    requested = [mark.at_ns for mark in marks if mark.name == FAULT_REQUESTED]
    ago_s = (time.monotonic_ns() - requested[-1]) / 1e9 if requested else 0.0
    return datetime.now(tz=UTC) - timedelta(seconds=ago_s)
