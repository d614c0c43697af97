"""Step 2, promote: the recovery region's cluster becomes the writer, and what was not replicated is given up."""

from __future__ import annotations

from drdrill.aws.clients import AwsError
from drdrill.aws.global_cluster import GlobalClusterState, cluster_of, describe_global_cluster
from drdrill.errors import Unprovable
from drdrill.model.mark import RECOVERY_DECLARED
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

SOURCE = "runbooks.failover"


def fail_over(scene: Scene, *, limit_s: float) -> str:
    """Fail the global database over, and wait until it is available with its writer in the recovery region.

    Marks ``recovery.declared`` before the call. Every call goes to the recovery region: the primary's API may be dark.
    Raises ``Unprovable`` when AWS refuses, or after the limit.
    """
    target = scene.session.estate.target
    region = target.recovery_region
    scene.aws.refuse_to_change_the_wrong_estate()
    try:
        arn = member_arn(describe_global_cluster(scene.aws, region), target.aurora.clusters[region], region)
        scene.marks.add(RECOVERY_DECLARED, SOURCE, region=region, cluster=arn)
        scene.aws.rds(region).failover_global_cluster(
            GlobalClusterIdentifier=target.aurora.global_cluster, TargetDbClusterIdentifier=arn, AllowDataLoss=True
        )
    except AwsError as error:
        raise Unprovable(f"the database was not failed over to {region}: {error}") from error
    return str(wait_until_writer(scene, arn, region, limit_s))


def member_arn(state: GlobalClusterState, cluster: str, region: str) -> str:
    """The resource name of a cluster among the members. Raises ``Unprovable`` when it is none of them."""
    for arn in state.member_arns:
        if cluster_of(arn) == cluster:
            return arn
    raise Unprovable(f"the database was not failed over: {cluster} in {region} is not a member ({state.member_arns})")


def wait_until_writer(scene: Scene, arn: str, region: str, limit_s: float) -> GlobalClusterState:
    """Wait until the global database is available, and this member its writer, as ``region`` sees it.

    Raises ``Unprovable`` after the limit.
    """
    last: list[object] = []

    def writer() -> GlobalClusterState | None:
        try:
            state = describe_global_cluster(scene.aws, region)
        except AwsError as error:
            last[:] = [error]
            return None
        last[:] = [state]
        return state if state.status == "available" and state.writer_arn == arn else None

    return wait_until(f"{arn} is the writer", writer, limit_s=limit_s, every_s=0.1, seen=lambda: last)
