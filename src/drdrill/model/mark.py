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
LAG_OBSERVED = "lag.observed"
ACTIVITY_STARTED = "activity.started"
ACTIVITY_ENDED = "activity.ended"
RECORDER_LOST = "recorder.lost"
DRILL_ABORTED = "drill.aborted"
DRILL_ENDED = "drill.ended"


class Mark(Frozen):
    """One event: its name, when (``time.monotonic_ns()`` of the drill's machine), who says so, and details.

    ``fault.*`` marks carry ``detail["fault"]`` (the fault's name in the catalogue). ``activity.*`` marks carry
    ``detail["activity"]`` (``module.function`` as the Chaos Toolkit journal names it) and, when ended, ``detail["ok"]``.
    ``lag.observed`` carries ``detail["lag_s"]`` and ``detail["metric"]``. ``clock.anchor`` carries ``detail["wall"]``.
    ``recorder.lost`` carries ``detail["recorder"]`` (number).
    """

    name: str
    at_ns: int
    source: str
    detail: dict[str, Any] = {}
