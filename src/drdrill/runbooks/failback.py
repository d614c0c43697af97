"""The way home: the old primary follows again and has everything, then it becomes the writer, and customers return to it.

A failback is a recovery of its own: its clock starts just before the switchover is asked for, and the watch of the disaster
has ended by then.
"""

from __future__ import annotations

from drdrill.model.mark import FAILBACK_ENDED, FAILBACK_PROVED, FAILBACK_REQUESTED, FAILBACK_STARTED
from drdrill.runbooks.rejoin import wait_until_rejoined
from drdrill.runbooks.restored import wait_until_service_restored
from drdrill.runbooks.routing import wait_until_traffic_routed
from drdrill.runbooks.scene import Scene
from drdrill.runbooks.switchover import Steps, switch_over
from drdrill.runbooks.writable import wait_until_database_writable

SOURCE = "runbooks.failback"


def begin_failback(scene: Scene, *, limit_s: float, lag_s_max: float | None = None) -> str:
    """Mark ``failback.started``, and wait until the primary region follows as a secondary, in sync.

    Raises ``Unprovable`` after the limit.
    """
    region = scene.session.estate.target.primary_region
    scene.marks.add(FAILBACK_STARTED, SOURCE, region=region)
    return wait_until_rejoined(scene, region, limit_s=limit_s, lag_s_max=lag_s_max)


def switch_back(scene: Scene, *, limit_s: float, allow_data_loss: bool = False) -> str:
    """Switch over to the primary region, and wait until payments and customers are there.

    ``allow_data_loss`` gives up what the primary region has not received: for a bank whose recovery region fails as well.

    Marks ``failback.requested`` before the call, ``failback.proved`` when the other region refuses payments, then
    ``database.writable`` and ``traffic.routed``. Raises ``Unprovable`` when AWS refuses, or after the limit.
    """
    region = scene.session.estate.target.primary_region
    steps = Steps(
        requested=lambda: scene.marks.add(FAILBACK_REQUESTED, SOURCE, region=region),
        refused=lambda proof: scene.marks.add(FAILBACK_PROVED, SOURCE, region=region, proof=proof),
    )
    said = switch_over(scene, region, limit_s=limit_s, steps=steps, allow_data_loss=allow_data_loss)
    wait_until_database_writable(scene, limit_s=limit_s, region=region)
    wait_until_traffic_routed(scene, limit_s=limit_s, region=region)
    return said


def wait_until_home(scene: Scene, *, limit_s: float) -> str:
    """Wait until every journey meets its level in the primary region, and has held it; marks ``failback.ended``."""
    said = wait_until_service_restored(scene, limit_s=limit_s)
    scene.marks.add(FAILBACK_ENDED, SOURCE)
    return said
