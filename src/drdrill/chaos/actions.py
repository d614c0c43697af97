"""Actions of a drill: lose and heal, detect, promote, route, hold. Each is marked, and a failure stops the method."""

from collections.abc import Callable
from typing import Literal

from drdrill.aws.clients import AwsError
from drdrill.aws.lag import newest_lag
from drdrill.chaos.activity import SOURCE, action, open_scene
from drdrill.errors import Unprovable
from drdrill.faults.control_plane_dark import ControlPlaneDark
from drdrill.faults.link_cut import LinkCut
from drdrill.faults.link_delay import LinkDelay
from drdrill.faults.reach import Reach
from drdrill.faults.region_loss import RegionLoss
from drdrill.model.fault import Fault, Undo
from drdrill.model.mark import LAG_OBSERVED
from drdrill.runbooks.detect import wait_until_detected
from drdrill.runbooks.failover import fail_over
from drdrill.runbooks.restored import wait_until_service_restored
from drdrill.runbooks.routing import wait_until_traffic_routed
from drdrill.runbooks.scene import Scene
from drdrill.runbooks.writable import wait_until_database_writable
from drdrill.safety.heal import heal_open_faults, undo_book
from drdrill.safety.injection import inject
from drdrill.traffic.transfers import send_transfers as send

__all__ = [
    "cut_links",
    "darken_region",
    "delay_links",
    "detect_outage",
    "fail_over_global_cluster",
    "heal_region",
    "light_region",
    "lose_region",
    "open_links",
    "send_transfers",
    "wait_until_restored",
    "wait_until_routed",
    "wait_until_writable",
]


@action
def lose_region(region: str) -> str:
    """Lose a region: cut its links, darken its API, kill its processes. Returns how it is known that this bites."""
    scene = open_scene()
    reach = _reach(scene)
    states = reach.lab.links()
    cut_before = [name for name in reach.lab.links_touching(region) if states[name].mode != "open"]
    fault = RegionLoss(reach, region=region, keep_cut=cut_before)
    _mark_lag(scene)  # last of all, so that the value is no older than it must be
    return _inject(scene, fault)


@action
def heal_region(region: str) -> str:
    """Bring a lost region back; where another region writes now, it comes back fenced, or not at all."""
    return _heal(open_scene(), lambda undo: undo.fault == RegionLoss.name and undo.parameters["region"] == region)


@action
def cut_links(links: list[str], mode: Literal["blackhole", "reset"] = "blackhole") -> str:
    """Cut named links of the lab, established connections included."""
    scene = open_scene()
    return _inject(scene, LinkCut(_reach(scene), links=links, mode=mode))


@action
def delay_links(links: list[str], seconds: float, direction: Literal["forward", "backward", "both"] = "both") -> str:
    """Let every byte on named links of the lab arrive later."""
    scene = open_scene()
    return _inject(scene, LinkDelay(_reach(scene), links=links, seconds=seconds, direction=direction))


@action
def darken_region(region: str) -> str:
    """Silence the AWS API of a region; its data planes go on."""
    scene = open_scene()
    return _inject(scene, ControlPlaneDark(_reach(scene), region=region))


@action
def light_region() -> str:
    """Heal every control plane that this drill has darkened."""
    return _heal(open_scene(), lambda undo: undo.fault == ControlPlaneDark.name)


@action
def open_links() -> str:
    """Heal every cut or delayed link that this drill has hurt."""
    return _heal(open_scene(), lambda undo: undo.fault in (LinkCut.name, LinkDelay.name))


@action
def send_transfers(count: int, recorder: int = 90) -> str:
    """Send transfers until exactly so many have the bank's promise; every attempt is on record, under its own recorder."""
    acked = send(open_scene().session, count, recorder)
    return f"{len(acked)} transfers were acknowledged"


@action
def detect_outage(limit_s: float = 60.0) -> str:
    """Wait until Route 53's health checkers see the primary fail."""
    return wait_until_detected(open_scene(), limit_s=limit_s)


@action
def fail_over_global_cluster(limit_s: float = 120.0) -> str:
    """Fail the Aurora Global Database over to the recovery region, giving up what was not replicated."""
    return fail_over(open_scene(), limit_s=limit_s)


@action
def wait_until_writable(limit_s: float = 60.0) -> str:
    """Wait until the recovery region says that it can take payments."""
    return wait_until_database_writable(open_scene(), limit_s=limit_s)


@action
def wait_until_routed(limit_s: float = 120.0) -> str:
    """Wait until customers who resolve the name are served by the recovery region."""
    return wait_until_traffic_routed(open_scene(), limit_s=limit_s)


@action
def wait_until_restored(limit_s: float = 120.0) -> str:
    """Wait until every journey meets its service level, and has held it."""
    return wait_until_service_restored(open_scene(), limit_s=limit_s)


def _reach(scene: Scene) -> Reach:
    scene.aws.refuse_to_change_the_wrong_estate()
    return Reach.to(scene.session.estate, scene.marks)


def _inject(scene: Scene, fault: Fault) -> str:
    return inject(fault, undo_book(scene.session), scene.marks)


def _heal(scene: Scene, which: Callable[[Undo], bool]) -> str:
    healed = heal_open_faults(scene.session, which)
    return "; ".join(healed) or "nothing to heal: no such fault is open"


def _mark_lag(scene: Scene) -> None:
    """What the metric said just before the cut. It is printed beside the loss, so its absence stops nothing."""
    try:
        lag = newest_lag(scene.aws, scene.session.estate.target.recovery_region)
    except (*AwsError, Unprovable):
        return
    if lag is not None:
        scene.marks.add(LAG_OBSERVED, SOURCE, lag_s=lag.lag_s, metric=lag.metric, age_s=lag.age_s)
