"""An Aurora Global Database as its control plane sees it from one region: who writes, and what is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drdrill.aws.clients import AwsClients
from drdrill.errors import Unprovable
from drdrill.model.frozen import Frozen
from drdrill.model.target import Target

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import GlobalClusterTypeDef

LAG_METRIC = "AuroraGlobalDBReplicationLag"
"""CloudWatch's name for the lag of a secondary region, in milliseconds; only secondaries report it."""


class GlobalClusterState(Frozen):
    """The global database, seen once. ``writer_arn`` is None while nobody may write."""

    status: str
    writer_arn: str | None
    member_arns: tuple[str, ...]
    failover_status: str | None = None

    @property
    def writer_region(self) -> str | None:
        """The region whose cluster may write."""
        return region_of(self.writer_arn) if self.writer_arn else None

    def __str__(self) -> str:
        moving = f", fail-over {self.failover_status}" if self.failover_status else ""
        return f"status {self.status}, writer in {self.writer_region or 'no region'}{moving}"


class Member(Frozen):
    """One member of the global database. ``synchronization`` is AWS's word of a secondary; None for the writer."""

    arn: str
    is_writer: bool
    synchronization: str | None = None

    @property
    def cluster(self) -> str:
        """Its cluster identifier."""
        return cluster_of(self.arn)


def region_of(arn: str) -> str:
    """The region inside an Amazon resource name; empty for a global resource."""
    return arn.split(":", 5)[3] if arn.count(":") >= 5 else ""


def cluster_of(arn: str) -> str:
    """The cluster identifier inside a cluster's Amazon resource name."""
    return arn.rsplit(":", 1)[-1]


def describe_global_cluster(clients: AwsClients, region: str) -> GlobalClusterState:
    """The target's global database as ``region`` sees it.

    Raises ``Unprovable`` when it is not there, and boto3's own errors (``AwsError``) when the region does not answer.
    """
    return _state(_ours(clients, region))


def writer_endpoint(clients: AwsClients, region: str) -> str | None:
    """The name that leads to whichever cluster writes, as ``region`` asks for it. Raises as ``describe_global_cluster``."""
    return _ours(clients, region).get("Endpoint")


def members_of(clients: AwsClients, region: str) -> tuple[Member, ...]:
    """The members of the target's global database as ``region`` sees them. Raises as ``describe_global_cluster``."""
    return tuple(
        Member(
            arn=member.get("DBClusterArn", ""),
            is_writer=bool(member.get("IsWriter")),
            synchronization=member.get("SynchronizationStatus"),
        )
        for member in _ours(clients, region).get("GlobalClusterMembers", [])
    )


def _ours(clients: AwsClients, region: str) -> GlobalClusterTypeDef:
    wanted = clients.estate.target.aurora.global_cluster
    answer = clients.rds(region).describe_global_clusters(GlobalClusterIdentifier=wanted)
    # The filter is checked again here: an emulator ignored it, and would have shown another database as ours.
    for cluster in answer["GlobalClusters"]:
        if cluster.get("GlobalClusterIdentifier") == wanted:
            return cluster
    raise Unprovable(f"the global database {wanted} was not found by DescribeGlobalClusters in {region}")


def _state(cluster: GlobalClusterTypeDef) -> GlobalClusterState:
    members = cluster.get("GlobalClusterMembers", [])
    writers = [member.get("DBClusterArn", "") for member in members if member.get("IsWriter")]
    return GlobalClusterState(
        status=cluster.get("Status", "unknown"),
        writer_arn=writers[0] if len(writers) == 1 else None,
        member_arns=tuple(member.get("DBClusterArn", "") for member in members),
        failover_status=cluster.get("FailoverState", {}).get("Status"),
    )


def other_region(target: Target, region: str) -> str:
    """The one of the target's two regions that ``region`` is not."""
    return target.recovery_region if region == target.primary_region else target.primary_region
