"""Actions on an Aurora Global Database: planned switchover, failback, and the rescue of lost writes."""

from drdrill.chaos.activity import action, open_scene
from drdrill.faults.reach import Reach
from drdrill.faults.region_partition import RegionPartition
from drdrill.runbooks.failback import begin_failback, switch_back, wait_until_home
from drdrill.runbooks.failover import fail_over
from drdrill.runbooks.fence import fence, unfence
from drdrill.runbooks.rescue import rescue_lost_writes as rescue
from drdrill.runbooks.switchover import finish_planned_switchover, switch_over_as_planned
from drdrill.runbooks.writer_endpoint import note_writer_endpoint, wait_until_endpoint_moved
from drdrill.safety.heal import heal_open_faults, undo_book
from drdrill.safety.injection import inject
from drdrill.traffic.pinned import pay_at
from drdrill.traffic.spending import spend_all as spend

__all__ = [
    "fail_back_by_force",
    "fail_over_by_endpoint",
    "fence_region",
    "finish_switchover",
    "heal_partition",
    "partition_region",
    "pay_with_a_stale_address",
    "rejoin_old_primary",
    "rescue_lost_writes",
    "spend_all",
    "switch_back_home",
    "switch_over",
    "unfence_region",
    "wait_until_service_is_home",
]


@action
def partition_region(region: str) -> str:
    """Part a region from everybody but its customers. Returns how it is known that this bites."""
    scene = open_scene()
    scene.aws.refuse_to_change_the_wrong_estate()
    reach = Reach.to(scene.session.estate, scene.marks)
    states = reach.lab.links()
    cut_before = [name for name in reach.lab.links_touching(region) if states[name].mode != "open"]
    return inject(RegionPartition(reach, region=region, keep_cut=cut_before), undo_book(scene.session), scene.marks)


@action
def heal_partition(region: str) -> str:
    """End a partition; where another region writes now, the database comes back fenced, or the isolation stays."""
    scene = open_scene()
    healed = heal_open_faults(scene.session, lambda undo: undo.fault == RegionPartition.name)
    return "; ".join(healed) or f"nothing to heal: no partition of {region} is open"


@action
def fence_region(region: str, limit_s: float = 60.0) -> str:
    """Before a promotion: disable the region's distribution, and show that nobody gets to the region any more."""
    return fence(open_scene(), region, limit_s=limit_s)


@action
def unfence_region(region: str, limit_s: float = 60.0) -> str:
    """Take a fence back: enable the region's distribution, and wait until it answers."""
    return unfence(open_scene(), region, limit_s=limit_s)


@action
def pay_with_a_stale_address(region: str, count: int, recorder: int) -> str:
    """Let customers pay who still have the region's address, each once; every attempt is on record."""
    acked = pay_at(open_scene().session, region, count, recorder)
    return f"{len(acked)} of {count} payments at {region} were acknowledged"


@action
def switch_over(limit_s: float = 60.0, allow_data_loss: bool = False) -> str:
    """Exchange the roles of the two regions as planned; a plan names this disaster ``planned-switchover``."""
    return switch_over_as_planned(open_scene(), limit_s=limit_s, allow_data_loss=allow_data_loss)


@action
def finish_switchover(limit_s: float = 60.0) -> str:
    """Wait until the old writer follows the new one: only then is a planned switchover over."""
    return finish_planned_switchover(open_scene(), limit_s=limit_s)


@action
def rejoin_old_primary(limit_s: float = 120.0) -> str:
    """Begin the failback: wait until the old primary follows as a connected secondary, within the plan's lag limit."""
    return begin_failback(open_scene(), limit_s=limit_s)


@action
def rescue_lost_writes(limit_s: float = 120.0, instance_class: str = "db.r6g.large") -> str:
    """Restore the snapshot of the old primary beside it, so that the writes that only it took can be read."""
    return rescue(open_scene(), limit_s=limit_s, instance_class=instance_class)


@action
def spend_all(payers_of: int, customers: int, recorder: int) -> str:
    """Let customers whose payment was lost spend all they still seem to have; every attempt is on record."""
    scene = open_scene()
    done = spend(scene.session, scene.folder, payers_of=payers_of, customers=customers, recorder=recorder)
    return f"{len(done)} customers spent all they had"


@action
def switch_back_home(limit_s: float = 60.0) -> str:
    """Switch the database back to the primary region, and wait until payments and customers are there."""
    return switch_back(open_scene(), limit_s=limit_s)


@action
def fail_back_by_force(limit_s: float = 60.0) -> str:
    """Fail the database over to the primary region, giving up what that has not received."""
    return switch_back(open_scene(), limit_s=limit_s, allow_data_loss=True)


@action
def fail_over_by_endpoint(limit_s: float = 120.0) -> str:
    """Fail the global database over, and wait until its writer endpoint leads elsewhere; who follows when is a matter of caches."""
    scene = open_scene()
    _, before = note_writer_endpoint(scene)
    said = fail_over(scene, limit_s=limit_s)
    return f"{said}; {wait_until_endpoint_moved(scene, before, limit_s=limit_s)}"


@action
def wait_until_service_is_home(limit_s: float = 120.0) -> str:
    """Wait until every journey meets its level again after the failback, and has held it."""
    return wait_until_home(open_scene(), limit_s=limit_s)
