"""Actions for an RDS Multi-AZ instance: lose a zone, force a failover, watch RDS recover, heal."""

from collections.abc import Callable

from drdrill.chaos.activity import action, open_scene
from drdrill.faults.az_loss import AzLoss
from drdrill.faults.forced_failover import ForcedFailover
from drdrill.faults.reach import Reach
from drdrill.model.fault import Fault, Undo
from drdrill.runbooks import zone_failover
from drdrill.runbooks.scene import Scene
from drdrill.safety.heal import heal_open_faults, undo_book
from drdrill.safety.injection import inject

__all__ = [
    "force_failover",
    "heal_zone",
    "lose_zone",
    "wait_until_failed_over",
    "wait_until_protected",
]


@action
def lose_zone(zone: str) -> str:
    """Lose an availability zone: cut its links, kill its processes. Returns how it is known that this bites."""
    scene = open_scene()
    reach = _reach(scene)
    states = reach.lab.links()
    cut_before = [name for name in reach.lab.links_touching(zone) if states[name].mode != "open"]
    return _inject(scene, AzLoss(reach, zone=zone, keep_cut=cut_before))


@action
def heal_zone(zone: str) -> str:
    """Bring a lost zone back; RDS builds a new server there, from the one that writes now."""
    return _heal(open_scene(), lambda undo: undo.fault == AzLoss.name and undo.parameters["zone"] == zone)


@action
def force_failover() -> str:
    """RebootDBInstance with ForceFailover: the primary is killed, its standby takes over."""
    scene = open_scene()
    return _inject(scene, ForcedFailover(_reach(scene)))


@action
def wait_until_failed_over(limit_s: float = 60.0) -> str:
    """Wait until RDS tells that it has failed over, and the bank reaches the new primary."""
    return zone_failover.wait_until_failed_over(open_scene(), limit_s=limit_s)


@action
def wait_until_protected(limit_s: float = 60.0) -> str:
    """Wait until a standby holds every commit; after a forced failover this ends the fault."""
    scene = open_scene()
    seen = zone_failover.wait_until_protected(scene, limit_s=limit_s)
    heal_open_faults(scene.session, lambda undo: undo.fault == ForcedFailover.name)
    return seen


def _reach(scene: Scene) -> Reach:
    scene.aws.refuse_to_change_the_wrong_estate()
    return Reach.to(scene.session.estate, scene.marks)


def _inject(scene: Scene, fault: Fault) -> str:
    return inject(fault, undo_book(scene.session), scene.marks)


def _heal(scene: Scene, which: Callable[[Undo], bool]) -> str:
    healed = heal_open_faults(scene.session, which)
    return "; ".join(healed) or "nothing to heal: no such fault is open"
