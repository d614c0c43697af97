"""Actions of the strategy snapshot-copy with a pilot light. They perform, and never judge."""

from drdrill.aws.snapshots import copies_in
from drdrill.chaos.activity import action, open_scene
from drdrill.errors import Unprovable
from drdrill.faults.link_throttle import LinkThrottle
from drdrill.faults.reach import Reach
from drdrill.faults.snapshot_damage import SnapshotDamage
from drdrill.runbooks import pilot_light, snapshots
from drdrill.runbooks.scene import Scene
from drdrill.safety.heal import heal_open_faults, undo_book
from drdrill.safety.injection import inject

__all__ = [
    "damage_newest_snapshots",
    "heal_snapshots",
    "let_customers_in",
    "scale_out_pilot_light",
    "throttle_links",
    "wait_for_capacity",
    "wait_for_copy_under_way",
    "wait_for_database_from_snapshot",
    "wait_for_monitor",
    "wait_for_phase",
    "watch_monitor",
]

FOR_EVER_S = 7200.0
"""The plan's longest duration ends a drill sooner than this."""


@action
def wait_for_phase(at_least: float, at_most: float, limit_s: float = FOR_EVER_S) -> str:
    """Wait until that share of the snapshot interval has gone since the newest usable snapshot (0.5 is half of it)."""
    return snapshots.wait_until_phase(open_scene(), at_least=at_least, at_most=at_most, limit_s=limit_s)


@action
def wait_for_copy_under_way(at_least: int = 20, at_most: int = 80, limit_s: float = FOR_EVER_S) -> str:
    """Wait until a copy to the recovery region is so many percent done."""
    return snapshots.wait_until_copy_is_under_way(open_scene(), at_least=at_least, at_most=at_most, limit_s=limit_s)


@action
def throttle_links(links: list[str], bytes_per_s: float) -> str:
    """Let at most so many bytes a second pass each named link of the lab, so that a copy takes its time."""
    scene = open_scene()
    fault = LinkThrottle(_reach(scene), links=links, bytes_per_s=bytes_per_s)
    return inject(fault, undo_book(scene.session), scene.marks)


@action
def damage_newest_snapshots(count: int = 1) -> str:
    """Damage the newest usable snapshots in the recovery region; AWS goes on calling them available."""
    scene = open_scene()
    region = scene.session.estate.target.recovery_region
    whole = [copy.identifier for copy in copies_in(scene.aws, region) if copy.is_whole]
    if not whole:
        raise Unprovable(f"nothing was damaged: {region} has no usable snapshot")
    fault = SnapshotDamage(_reach(scene), region=region, snapshots=whole[:count])
    return inject(fault, undo_book(scene.session), scene.marks)


@action
def heal_snapshots() -> str:
    """Heal every throttled link and damaged snapshot of this drill."""
    healed = heal_open_faults(open_scene().session, lambda undo: undo.fault in (LinkThrottle.name, SnapshotDamage.name))
    return "; ".join(healed) or "nothing to heal: no such fault is open"


@action
def wait_for_monitor(limit_s: float = FOR_EVER_S) -> str:
    """Wait until the health monitor in the recovery region has declared the primary lost."""
    return snapshots.wait_until_declared(open_scene(), limit_s=limit_s)


@action
def watch_monitor(looks: int, limit_s: float = FOR_EVER_S) -> str:
    """Let the health monitor look so often, and note whether it took over."""
    return snapshots.watch_the_monitor(open_scene(), looks=looks, limit_s=limit_s)


@action
def wait_for_database_from_snapshot(limit_s: float = FOR_EVER_S) -> str:
    """Wait until the monitor has made the database from a snapshot, and note which, and which not."""
    return snapshots.wait_until_made(open_scene(), limit_s=limit_s)


@action
def scale_out_pilot_light() -> str:
    """Ask for the recovery region's workers, of which none ran before."""
    return pilot_light.scale_out(open_scene())


@action
def wait_for_capacity(limit_s: float = FOR_EVER_S) -> str:
    """Wait until all workers of the recovery region are ready, and carry the offered load."""
    return pilot_light.wait_until_capacity(open_scene(), limit_s=limit_s)


@action
def let_customers_in() -> str:
    """Let Route 53 send customers to the recovery region as soon as the primary is unhealthy."""
    return pilot_light.let_customers_in(open_scene())


def _reach(scene: Scene) -> Reach:
    scene.aws.refuse_to_change_the_wrong_estate()
    return Reach.to(scene.session.estate, scene.marks)
