"""Probes of the strategy snapshot-copy with a pilot light: total, and boolean. What could not be measured is not met."""

from drdrill.chaos.activity import Seen, open_scene, probe
from drdrill.runbooks import pilot_light, snapshots

__all__ = ["pilot_light_is_cold", "usable_copy_within"]


@probe
def usable_copy_within(intervals: float) -> Seen:
    """Whether the newest usable snapshot in the recovery region is at most so many intervals old. None is not."""
    met, sentence = snapshots.usable_copy_within(open_scene(), intervals=intervals)
    return Seen(met=met, sentence=sentence)


@probe
def pilot_light_is_cold() -> Seen:
    """Whether the recovery region runs no worker, may run as many as are needed, and would run the target's release."""
    scene = open_scene()
    target = scene.session.estate.target
    group = pilot_light.node_group_of(scene.aws, target.recovery_region)
    met = group.desired == 0 and group.most >= target.workers_per_region and group.release == target.release
    sentence = (
        f"{group.name} in {target.recovery_region} has {group.desired} nodes, may have {group.most}, release {group.release} "
        f"(wanted: none, at least {target.workers_per_region}, {target.release})"
    )
    return Seen(met=met, sentence=sentence)
