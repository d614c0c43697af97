"""Step 1, detect: the primary is lost when the majority of Route 53's health checkers say so, not when we know it."""

from __future__ import annotations

import time

from drdrill.aws.clients import AwsError
from drdrill.aws.failover_record import CheckersSay, health_of, primary_health_check
from drdrill.model.mark import OUTAGE_DETECTED
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.detect"


def wait_until_detected(scene: Scene, *, limit_s: float) -> str:
    """Wait until the primary's health check is unhealthy; marks ``outage.detected``. Raises ``Unprovable`` after the limit.

    GetHealthCheckStatus tells each checker's newest look, not its conclusion. So the majority must go on failing for as
    long as Route 53's threshold of looks in a row takes: one failed look must not promote a database.
    """
    check = primary_health_check(scene.aws)
    front_door = scene.drill.target.front_door
    needed_ns = int((front_door.health_check_threshold - 1) * front_door.health_check_interval_s * 1e9)
    failing_since_ns: int | None = None
    last: list[object] = []

    def unhealthy() -> CheckersSay | None:
        nonlocal failing_since_ns
        try:
            said = health_of(scene.aws, check)
        except AwsError as error:
            last[:] = [error]
            return None
        last[:] = [said]
        now_ns = time.monotonic_ns()
        if not said.majority_unhealthy:
            failing_since_ns = None
            return None
        failing_since_ns = failing_since_ns or now_ns
        return said if now_ns - failing_since_ns >= needed_ns else None

    said = wait_until(
        "most health checkers see the primary fail", unhealthy, limit_s=limit_s, every_s=0.1, seen=lambda: last
    )
    scene.marks.add(OUTAGE_DETECTED, SOURCE, health_check=check, seen=str(said))
    return str(said)
