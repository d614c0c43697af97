"""One event of the drill itself, and the names that events have."""

from __future__ import annotations

from typing import Any

from drdrill.model.frozen import Frozen

DRILL_STARTED = "drill.started"
CLOCK_ANCHOR = "clock.anchor"
TRAFFIC_STARTED = "traffic.started"
TRAFFIC_STOPPED = "traffic.stopped"
FAULT_REQUESTED = "fault.requested"
FAULT_PROVED = "fault.proved"
FAULT_HEALED = "fault.healed"
HEAL_REFUSED = "heal.refused"
OUTAGE_DETECTED = "outage.detected"
RECOVERY_DECLARED = "recovery.declared"
DATABASE_WRITABLE = "database.writable"
TRAFFIC_ROUTED = "traffic.routed"
SERVICE_RESTORED = "service.restored"
FAILBACK_STARTED = "failback.started"
FENCE_PROVED = "fence.proved"
FAILBACK_REQUESTED = "failback.requested"
FAILBACK_PROVED = "failback.proved"
FAILBACK_ENDED = "failback.ended"
RESCUE_RESTORED = "rescue.restored"
RECONCILIATION_STARTED = "reconciliation.started"
RECONCILIATION_ENDED = "reconciliation.ended"
LAG_OBSERVED = "lag.observed"
ACTIVITY_STARTED = "activity.started"
ACTIVITY_ENDED = "activity.ended"
RECORDER_ENROLLED = "recorder.enrolled"
RECORDER_RETURNED = "recorder.returned"
RECORDER_LOST = "recorder.lost"
SNAPSHOT_OBSERVED = "snapshot.observed"
SNAPSHOT_UNUSABLE = "snapshot.unusable"
SNAPSHOT_RESTORED = "snapshot.restored"
MONITOR_LOOKED = "monitor.looked"
CAPACITY_READY = "capacity.ready"
SECOND_ZONE_READY = "second-zone.ready"
DRILL_ABORTED = "drill.aborted"
DRILL_ENDED = "drill.ended"


class Mark(Frozen):
    """One event: its name, when (``time.monotonic_ns()`` of the drill's machine), who says so, and details.

    ``fault.*`` marks carry ``detail["fault"]`` (the fault's name in the catalogue). ``activity.*`` marks carry
    ``detail["activity"]`` (``module.function`` as the Chaos Toolkit journal names it) and, when ended, ``detail["ok"]``.
    ``lag.observed`` carries ``detail["lag_s"]`` and ``detail["metric"]``, and may carry ``detail["age_s"]``, how old the value was. ``clock.anchor`` carries ``detail["wall"]``.
    ``recorder.*`` carry ``detail["recorder"]`` (number); one on another machine is enrolled, and returned with its record.
    ``snapshot.*`` carry ``detail["snapshot"]`` (its name); ``snapshot.observed`` its ``age_s`` and ``copy_s`` and the ``interval_s`` of this run.
    ``recorder.lost`` carries ``detail["reason"]`` as well.
    """

    name: str
    at_ns: int
    source: str
    detail: dict[str, Any] = {}
