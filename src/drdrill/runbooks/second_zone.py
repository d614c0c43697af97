"""After a failover the surviving region stands alone: a second instance in another zone, so that it survives the loss of one, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drdrill.aws.clients import AwsClients, AwsError
from drdrill.errors import Unprovable
from drdrill.model.frozen import Frozen
from drdrill.model.mark import SECOND_ZONE_READY
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

SOURCE = "runbooks.second_zone"
ENGINE = "aurora-postgresql"


class ClusterZones(Frozen):
    """A region's cluster, seen once: whether AWS calls it Multi-AZ, each instance's zone and status, zones it may use."""

    identifier: str
    multi_az: bool
    instances: dict[str, tuple[str, str]]
    zones: tuple[str, ...]

    @property
    def used(self) -> set[str]:
        """The zones with an available instance."""
        return {zone for zone, status in self.instances.values() if status == "available"}

    @property
    def in_place(self) -> bool:
        """Whether the loss of one zone leaves an instance that holds everything."""
        return self.multi_az and len(self.used) > 1

    def __str__(self) -> str:
        told = ", ".join(f"{name} in {zone} is {status}" for name, (zone, status) in sorted(self.instances.items()))
        return f"{self.identifier} is {'' if self.multi_az else 'not '}Multi-AZ: {told}"


def cluster_zones(clients: AwsClients, region: str) -> ClusterZones:
    """The target's cluster in a region. Raises ``Unprovable`` when it is not there, and boto3's own errors (``AwsError``)."""
    rds, wanted = clients.rds(region), clients.estate.target.aurora.clusters[region]
    found = rds.describe_db_clusters(DBClusterIdentifier=wanted)["DBClusters"]
    if len(found) != 1:
        raise Unprovable(f"the cluster {wanted} was not found by DescribeDBClusters in {region}")
    by_cluster = rds.describe_db_instances(Filters=[{"Name": "db-cluster-id", "Values": [wanted]}])
    return ClusterZones(
        identifier=wanted,
        multi_az=bool(found[0].get("MultiAZ")),
        instances=dict(_zone(one) for one in by_cluster["DBInstances"]),
        zones=tuple(found[0].get("AvailabilityZones", ())),
    )


def put_second_zone_in_place(scene: Scene, region: str, *, instance_class: str, limit_s: float) -> str:
    """Give a region's cluster an instance in another zone, unless it has one; marks ``second-zone.ready``.

    Raises ``Unprovable`` when AWS refuses, or after the limit.
    """
    scene.aws.refuse_to_change_the_wrong_estate()
    last: list[object] = []
    try:
        before = cluster_zones(scene.aws, region)
        if not before.in_place:
            _create(scene.aws, region, before, instance_class)
    except AwsError as error:
        raise Unprovable(f"{region} is in one zone alone: {error}") from error

    def in_place() -> ClusterZones | None:
        try:
            seen = cluster_zones(scene.aws, region)
        except AwsError as error:
            last[:] = [error]
            return None
        last[:] = [seen]
        return seen if seen.in_place else None

    seen = wait_until(f"{region} is in two zones", in_place, limit_s=limit_s, every_s=0.1, seen=lambda: last)
    zones = sorted(seen.used)
    scene.marks.add(SECOND_ZONE_READY, SOURCE, region=region, zones=zones, was_there=before.in_place)
    return f"{seen}{'; it was so before' if before.in_place else ''}"


def _create(clients: AwsClients, region: str, before: ClusterZones, instance_class: str) -> None:
    free = [zone for zone in before.zones if zone not in {zone for zone, _ in before.instances.values()}]
    if not free:
        raise Unprovable(f"{region} is in one zone alone, and no other zone is free: {before}")
    clients.rds(region).create_db_instance(
        DBInstanceIdentifier=f"{before.identifier}-{len(before.instances) + 1}",
        DBInstanceClass=instance_class,
        Engine=ENGINE,
        DBClusterIdentifier=before.identifier,
        AvailabilityZone=free[0],
    )


def _zone(instance: DBInstanceTypeDef) -> tuple[str, tuple[str, str]]:
    where = (instance.get("AvailabilityZone", ""), instance.get("DBInstanceStatus", "unknown"))
    return instance.get("DBInstanceIdentifier", ""), where
