"""The writes that only the old primary took: from the snapshot that Aurora keeps, into a cluster of their own that can be read.

The snapshot (``rds:unplanned-global-failover-…``) goes with the old cluster's retention, so it is copied first. Nothing is
changed in the books here; that is the reconciliation's part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from drdrill.aws.clients import AwsError
from drdrill.errors import Unprovable
from drdrill.model.mark import RESCUE_RESTORED
from drdrill.runbooks.scene import Scene
from drdrill.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.type_defs import DBClusterSnapshotTypeDef

SOURCE = "runbooks.rescue"
SNAPSHOT = "rds:unplanned-global-failover-"
ENGINE = "aurora-postgresql"
AVAILABLE = "available"


def rescue_lost_writes(scene: Scene, *, limit_s: float, instance_class: str) -> str:
    """Copy the snapshot of the old primary, restore the copy beside it, and mark ``rescue.restored``.

    Raises ``Unprovable`` when there is no snapshot, AWS refuses, or a step takes longer than the limit.
    """
    region = scene.session.estate.target.primary_region
    scene.aws.refuse_to_change_the_wrong_estate()
    try:
        rescue = _Rescue(scene, region, limit_s)
        snapshot = rescue.snapshot()
        copy = rescue.copied(snapshot)
        cluster = rescue.restored(copy, instance_class)
    except AwsError as error:
        raise Unprovable(f"the lost writes were not rescued: {error}") from error
    scene.marks.add(RESCUE_RESTORED, SOURCE, region=region, snapshot=snapshot, copy=copy, cluster=cluster)
    return f"{snapshot} was copied, and the copy restored as {cluster} in {region}"


class _Rescue:
    """The steps, each until it is seen to be done."""

    def __init__(self, scene: Scene, region: str, limit_s: float) -> None:
        self._rds: RDSClient = scene.aws.rds(region)
        self._cluster = scene.session.estate.target.aurora.clusters[region]
        self._suffix = scene.drill.drill_id[-4:]
        self._limit_s = limit_s

    def snapshot(self) -> str:
        """The newest snapshot that an unplanned failover left of the old primary."""
        found = self._until("the snapshot of the old primary is there", self._newest)
        return found["DBClusterSnapshotIdentifier"]

    def _newest(self) -> DBClusterSnapshotTypeDef | None:
        known = self._rds.describe_db_cluster_snapshots(DBClusterIdentifier=self._cluster)["DBClusterSnapshots"]
        ours = [one for one in known if one.get("DBClusterSnapshotIdentifier", "").startswith(SNAPSHOT)]
        ready = [one for one in ours if one.get("Status") == AVAILABLE]
        return max(ready, key=lambda one: one["SnapshotCreateTime"], default=None)

    def copied(self, snapshot: str) -> str:
        """A manual copy, which no retention takes away."""
        copy = f"{self._cluster}-lost-writes-{self._suffix}"
        self._rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=snapshot, TargetDBClusterSnapshotIdentifier=copy
        )

        def status() -> str:
            found = self._rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=copy)["DBClusterSnapshots"]
            return found[0].get("Status", "")

        self._until_available(copy, status)
        return copy

    def restored(self, copy: str, instance_class: str) -> str:
        """A cluster of its own, with one instance to read it through."""
        cluster = f"{self._cluster}-rescue-{self._suffix}"
        self._rds.restore_db_cluster_from_snapshot(DBClusterIdentifier=cluster, SnapshotIdentifier=copy, Engine=ENGINE)

        def cluster_status() -> str:
            return self._rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0].get("Status", "")

        self._until_available(cluster, cluster_status)
        instance = f"{cluster}-1"
        self._rds.create_db_instance(
            DBInstanceIdentifier=instance, DBClusterIdentifier=cluster, DBInstanceClass=instance_class, Engine=ENGINE
        )

        def instance_status() -> str:
            found = self._rds.describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"]
            return found[0].get("DBInstanceStatus", "")

        self._until_available(instance, instance_status)
        return cluster

    def _until_available(self, what: str, status: Callable[[], str]) -> None:
        last: list[str] = []

        def available() -> bool:
            last[:] = [status()]
            if last[0] == "failed":
                raise Unprovable(f"{what} failed; its events in RDS say why")
            return last[0] == AVAILABLE

        wait_until(f"{what} is available", available, limit_s=self._limit_s, every_s=0.2, seen=lambda: last)

    def _until[T](self, awaited: str, look: Callable[[], T | None]) -> T:
        return wait_until(awaited, look, limit_s=self._limit_s, every_s=0.2)
