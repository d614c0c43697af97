"""Step 3, prove the promotion: the recovery region's own application says that it can take payments."""

from __future__ import annotations

from drdrill.aws.front_door import Answer, Silence, ask
from drdrill.model.mark import DATABASE_WRITABLE
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.writable"
_READY = 200


def wait_until_database_writable(scene: Scene, *, limit_s: float, region: str | None = None) -> str:
    """Wait until ``/ready`` of the load balancer in ``region`` (the recovery region) answers 200; marks ``database.writable``.

    Raises ``Unprovable`` after the limit.
    """
    region = region or scene.session.estate.target.recovery_region
    door = scene.session.estate.front_doors[region]
    last: list[Answer | Silence] = []

    def ready() -> Answer | None:
        last[:] = [ask(door, "/ready", limit_s=1.0)]
        return last[0] if isinstance(last[0], Answer) and last[0].status == _READY else None

    wait_until(f"{region} can take payments", ready, limit_s=limit_s, every_s=0.05, seen=lambda: last)
    scene.marks.add(DATABASE_WRITABLE, SOURCE, region=region)
    return f"{region} says that it can take payments"
