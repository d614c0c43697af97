"""A planned exchange of roles, asked of Aurora: nothing may be lost, and writes pause for a moment.

As the disaster of a drill it has a pair of marks like any fault: requested just before the call, proved when the old writer's own
application refuses payments. It is over (``fault.healed``) when the old writer follows the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drdrill.aws.clients import AwsError
from drdrill.aws.front_door import Answer, Silence, ask
from drdrill.aws.global_cluster import describe_global_cluster, members_of, other_region
from drdrill.aws.writer import agreed_writer
from drdrill.errors import Unprovable
from drdrill.model.fault import PLANNED_SWITCHOVER
from drdrill.model.mark import FAULT_HEALED, FAULT_PROVED, FAULT_REQUESTED
from drdrill.runbooks.failover import member_arn, wait_until_writer
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.switchover"
PLANNED = PLANNED_SWITCHOVER
_READY = 200


@dataclass(frozen=True)
class Steps:
    """What is to be marked on the way: just before the call, and when the old writer was seen to refuse payments."""

    requested: Callable[[], object]
    refused: Callable[[str], object]


def switch_over_as_planned(scene: Scene, *, limit_s: float, allow_data_loss: bool = False) -> str:
    """Exchange the roles of the two regions; marks ``fault.requested`` and ``fault.proved`` of ``planned-switchover``.

    ``allow_data_loss`` takes the call that does not wait, and is a mistake when both regions are well. Raises ``Unprovable`` when AWS refuses, or after the limit.
    """
    old = agreed_writer(scene.aws)
    new = other_region(scene.session.estate.target, old)
    detail = {"fault": PLANNED, "from_region": old, "to_region": new}

    def requested() -> None:
        scene.marks.add(FAULT_REQUESTED, SOURCE, **detail)

    def refused(proof: str) -> None:
        scene.marks.add(FAULT_PROVED, SOURCE, **detail, proof=proof)

    return switch_over(scene, new, limit_s=limit_s, steps=Steps(requested, refused), allow_data_loss=allow_data_loss)


def finish_planned_switchover(scene: Scene, *, limit_s: float) -> str:
    """Wait until the old writer follows the new one, so that a way back exists; marks ``fault.healed``."""
    last: list[object] = []

    def settled() -> str | None:
        try:
            writer = agreed_writer(scene.aws)
            members = members_of(scene.aws, writer)
        except (*AwsError, Unprovable) as error:
            last[:] = [error]
            return None
        last[:] = members
        others = [member for member in members if not member.is_writer]
        return writer if others and all(member.synchronization == "connected" for member in others) else None

    writer = wait_until("the old writer follows", settled, limit_s=limit_s, every_s=0.1, seen=lambda: last)
    proof = f"{writer} writes, and the other region follows it"
    scene.marks.add(FAULT_HEALED, SOURCE, fault=PLANNED, proof=proof)
    return proof


def switch_over(scene: Scene, region: str, *, limit_s: float, steps: Steps, allow_data_loss: bool = False) -> str:
    """SwitchoverGlobalCluster to ``region``, asked for in the old writer's region; returns when AWS names the new writer.

    With ``allow_data_loss`` FailoverGlobalCluster, asked for in ``region``: what that has not received is given up. Raises ``Unprovable`` when AWS refuses, or after the limit.
    """
    target = scene.session.estate.target
    old = other_region(target, region)
    scene.aws.refuse_to_change_the_wrong_estate()
    try:
        arn = member_arn(describe_global_cluster(scene.aws, old), target.aurora.clusters[region], region)
        steps.requested()
        whole = target.aurora.global_cluster
        if allow_data_loss:
            scene.aws.rds(region).failover_global_cluster(
                GlobalClusterIdentifier=whole, TargetDbClusterIdentifier=arn, AllowDataLoss=True
            )
        else:
            scene.aws.rds(old).switchover_global_cluster(GlobalClusterIdentifier=whole, TargetDbClusterIdentifier=arn)
    except AwsError as error:
        raise Unprovable(f"the database was not switched over to {region}: {error}") from error
    steps.refused(wait_until_refused(scene, old, limit_s))
    return str(wait_until_writer(scene, arn, region, limit_s))


def wait_until_refused(scene: Scene, region: str, limit_s: float) -> str:
    """Wait until the application of a region says itself that it takes no payments; returns how that is known.

    Raises ``Unprovable`` after the limit.
    """
    door = scene.session.estate.front_doors[region]
    last: list[Answer | Silence] = []

    def refused() -> Answer | None:
        last[:] = [ask(door, "/ready", limit_s=1.0)]
        return last[0] if isinstance(last[0], Answer) and last[0].status != _READY else None

    answer = wait_until(
        f"{region} refuses payments", refused, limit_s=limit_s, every_s=0.01, seen=lambda: [str(one) for one in last]
    )
    return f"{region} itself says that it takes no payments ({answer.status} {answer.body.strip()})"
