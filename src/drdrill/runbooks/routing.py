"""Step 4, route: customers who resolve the name now arrive in the recovery region."""

from __future__ import annotations

from drdrill.aws.front_door import Answer, Silence, ask_front_door
from drdrill.model.mark import TRAFFIC_ROUTED
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.routing"
_READY = 200


def wait_until_traffic_routed(scene: Scene, *, limit_s: float, region: str | None = None) -> str:
    """Wait until a request by name is served by ``region`` (the recovery region) and accepted there; marks ``traffic.routed``.

    Raises ``Unprovable`` after the limit.
    """
    region = region or scene.session.estate.target.recovery_region
    last: list[Answer | Silence] = []

    def routed() -> Answer | None:
        last[:] = [ask_front_door(scene.session.estate, "/ready", limit_s=1.0)]
        seen = last[0]
        return seen if isinstance(seen, Answer) and seen.status == _READY and seen.region == region else None

    wait_until(f"customers are served by {region}", routed, limit_s=limit_s, every_s=0.1, seen=lambda: last)
    scene.marks.add(TRAFFIC_ROUTED, SOURCE, region=region)
    return f"{scene.session.estate.target.front_door.host} is served by {region}"
