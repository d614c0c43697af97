"""Before the way home: the old primary follows the new one, with all that the new one has.

Aurora sees to it by itself once the region can be reached: it keeps a snapshot of the old volume, rebuilds it as a secondary, and
says ``connected``. So this step asks for nothing; it waits, and believes neither one word nor one look.
"""

from __future__ import annotations

from drdrill.aws.clients import AwsError
from drdrill.aws.global_cluster import LAG_METRIC, Member, members_of
from drdrill.aws.lag import newest_lag
from drdrill.model.mark import LAG_OBSERVED
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.rejoin"


def wait_until_rejoined(scene: Scene, region: str, *, limit_s: float, lag_s_max: float | None = None) -> str:
    """Wait until ``region`` is a connected secondary again, and says itself how far it is behind: at most ``lag_s_max``.

    ``lag_s_max`` None takes the plan's own limit. The lag is marked. Raises ``Unprovable`` after the limit.
    """
    limit = scene.drill.limits.max_lag_s if lag_s_max is None else lag_s_max
    cluster = scene.session.estate.target.aurora.clusters[region]
    last: list[object] = []

    def rejoined() -> tuple[Member, float] | None:
        try:
            member = next((one for one in members_of(scene.aws, region) if one.cluster == cluster), None)
            lag = newest_lag(scene.aws, region)
        except AwsError as error:
            last[:] = [error]
            return None
        last[:] = [member, lag]
        if member is None or member.is_writer or member.synchronization != "connected":
            return None
        return (member, lag.lag_s) if lag is not None and lag.lag_s <= limit else None

    _, lag_s = wait_until(f"{region} follows again", rejoined, limit_s=limit_s, every_s=0.2, seen=lambda: last)
    scene.marks.add(LAG_OBSERVED, SOURCE, lag_s=lag_s, metric=LAG_METRIC, region=region)
    return f"{region} follows as a secondary again, {lag_s:.3f} s behind"
