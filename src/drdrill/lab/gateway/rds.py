"""Amazon RDS of the lab: the operations of Aurora Global Database, and descriptions that come from the databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from drdrill.lab.gateway.aurora import ENGINE, AuroraGlobal, Cluster
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.database import Observation
from drdrill.lab.gateway.fault import AwsFault
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.restored import RestoredClusters
from drdrill.lab.gateway.second_zone import SecondInstances
from drdrill.lab.gateway.snapshots import snapshot_arn, snapshot_document

Document = dict[str, Any]


class Rds:
    """The native operations of RDS. ``endpoints`` maps a region to the address that clients shall use.

    ``writer_endpoint`` names the global database's endpoint as a region asks for it, if there is one.
    """

    def __init__(
        self,
        aurora: AuroraGlobal,
        endpoints: Mapping[str, str],
        restored: RestoredClusters,
        seconds: SecondInstances,
        writer_endpoint: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._aurora = aurora
        self._writer_endpoint = writer_endpoint
        self._restored = restored
        self._seconds = seconds
        self._endpoints = endpoints

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "DescribeGlobalClusters": self.describe_global_clusters,
            "FailoverGlobalCluster": self.failover_global_cluster,
            "SwitchoverGlobalCluster": self.switchover_global_cluster,
            "RemoveFromGlobalCluster": self.remove_from_global_cluster,
            "DescribeDBClusters": self.describe_db_clusters,
            "DescribeDBInstances": self.describe_db_instances,
            "DescribeDBClusterSnapshots": self.describe_db_cluster_snapshots,
            **self._restored.operations(),
            "CreateDBInstance": self.create_db_instance,
            "DeleteDBInstance": self.delete_db_instance,
        }

    def describe_global_clusters(self, call: Call) -> Document:
        """The global database; its members say by themselves whether they follow."""
        wanted = call.parameters.get("GlobalClusterIdentifier")
        if wanted is not None:
            self._demand_global(wanted)
        _refuse_filters(call, ())
        return {"GlobalClusters": [self._global(call)]}

    def failover_global_cluster(self, call: Call) -> Document:
        """Unplanned failover (AllowDataLoss). Anything else is a switchover, as with AWS."""
        asked = call.parameters
        self._demand_global(asked.get("GlobalClusterIdentifier", ""))
        allow, switchover = bool(asked.get("AllowDataLoss")), bool(asked.get("Switchover"))
        if allow and switchover:
            raise AwsFault("InvalidParameterCombination", "AllowDataLoss and Switchover cannot be given together")
        if not allow:
            return self.switchover_global_cluster(call)
        destination = self._member(call, asked.get("TargetDbClusterIdentifier", ""))
        if destination.region != call.region:
            message = f"Call this operation in {destination.region}, the Region of the cluster that is to be promoted"
            raise AwsFault("InvalidGlobalClusterStateFault", message)
        self._aurora.fail_over(destination)
        return {"GlobalCluster": self._global(call)}

    def switchover_global_cluster(self, call: Call) -> Document:
        """Planned exchange of roles, asked for in the primary's region; nothing is lost."""
        self._demand_global(call.parameters.get("GlobalClusterIdentifier", ""))
        destination = self._member(call, call.parameters.get("TargetDbClusterIdentifier", ""))
        writer = self._aurora.writer
        if writer is not None and writer.region != call.region:
            message = f"Call this operation in {writer.region}, the Region of the primary DB cluster"
            raise AwsFault("InvalidGlobalClusterStateFault", message)
        self._aurora.switch_over(destination)
        return {"GlobalCluster": self._global(call)}

    def remove_from_global_cluster(self, call: Call) -> Document:
        """Detach a cluster; a secondary is promoted, and goes on as a standalone cluster."""
        self._demand_global(call.parameters.get("GlobalClusterIdentifier", ""))
        self._aurora.detach(self._member(call, call.parameters.get("DbClusterIdentifier", "")))
        return {"GlobalCluster": self._global(call)}

    def describe_db_clusters(self, call: Call) -> Document:
        """The region's cluster as its database is at this moment."""
        wanted = _wanted(call, "DBClusterIdentifier", "db-cluster-id")
        found = [self._cluster(c) for c in self._here(call) if not wanted or {c.identifier, c.arn} & wanted]
        found += [
            document
            for document in self._restored.clusters(call.region)
            if not wanted or {document["DBClusterIdentifier"], document["DBClusterArn"]} & wanted
        ]
        asked = call.parameters.get("DBClusterIdentifier")
        if asked and not found:
            raise AwsFault("DBClusterNotFoundFault", f"DBCluster {asked} not found.")
        return {"DBClusters": found}

    def describe_db_instances(self, call: Call) -> Document:
        """The cluster's instance, and one in a second zone, if there is one."""
        of_clusters = _filter_values(call, "db-cluster-id")
        wanted = _wanted(call, "DBInstanceIdentifier", "db-instance-id", "db-cluster-id")
        here = [c for c in self._here(call) if not of_clusters or {c.identifier, c.arn} & of_clusters]
        found = [self._instance(c) for c in here if not wanted or {c.instance, _instance_arn(c)} & wanted]
        found += [
            document
            for document in (*self._second_of(here), *self._restored.instances(call.region))
            if (not wanted or {document["DBInstanceIdentifier"], document["DBInstanceArn"]} & wanted)
            and (not of_clusters or document["DBClusterIdentifier"] in of_clusters)
        ]
        asked = call.parameters.get("DBInstanceIdentifier")
        if asked and not found:
            raise AwsFault("DBInstanceNotFound", f"DBInstance {asked} not found.")
        return {"DBInstances": found}

    def create_db_instance(self, call: Call) -> Document:
        """A second instance of a member of the global database, or the instance of a cluster that was restored."""
        wanted = call.parameters.get("DBClusterIdentifier", "")
        for cluster in self._here(call):
            if wanted in (cluster.identifier, cluster.arn):
                return self._seconds.create(call, cluster)
        return self._restored.create_instance(call)

    def delete_db_instance(self, call: Call) -> Document:
        """A second instance, or that of a cluster that was restored."""
        return self._seconds.delete(call) or self._restored.delete_instance(call)

    def _second_of(self, clusters: Iterable[Cluster]) -> list[Document]:
        return [self._seconds.document(cluster) for cluster in clusters if self._seconds.of(cluster) is not None]

    def describe_db_cluster_snapshots(self, call: Call) -> Document:
        """The snapshots that unplanned failovers left in this region, and copies of them."""
        wanted = _wanted(
            call, "DBClusterSnapshotIdentifier", "db-cluster-snapshot-id", "db-cluster-id", "snapshot-type"
        )
        of_clusters = _filter_values(call, "db-cluster-id") | {call.parameters.get("DBClusterIdentifier", "")} - {""}
        kinds = _filter_values(call, "snapshot-type") | {call.parameters.get("SnapshotType", "")} - {""}
        found = [
            snapshot
            for snapshot in self._aurora.snapshots(call.region)
            if (not wanted or {snapshot.identifier, snapshot_arn(snapshot)} & wanted)
            and (not of_clusters or {snapshot.cluster.identifier, snapshot.cluster.arn} & of_clusters)
            and (not kinds or snapshot.kind in kinds)
        ]
        asked = call.parameters.get("DBClusterSnapshotIdentifier")
        if asked and not found:
            raise AwsFault("DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot {asked} not found.")
        return {"DBClusterSnapshots": [snapshot_document(snapshot) for snapshot in found]}

    def _demand_global(self, wanted: str) -> None:
        if wanted.lower() not in (self._aurora.identifier.lower(), self._aurora.arn.lower()):
            raise AwsFault("GlobalClusterNotFoundFault", f"Global cluster {wanted} not found")

    def _here(self, call: Call) -> list[Cluster]:
        cluster = self._aurora.in_region(call.region)
        return [] if cluster is None else [cluster]

    def _member(self, call: Call, wanted: str) -> Cluster:
        """A member by its ARN, or by its identifier when it is in the region of the call."""
        for cluster in self._aurora.members:
            if wanted == cluster.arn or (wanted == cluster.identifier and cluster.region == call.region):
                return cluster
        raise AwsFault(
            "DBClusterNotFoundFault", f"DBCluster {wanted} not found in global cluster {self._aurora.identifier}"
        )

    def _global(self, call: Call) -> Document:
        movement = self._aurora.movement
        document: Document = {
            "GlobalClusterIdentifier": self._aurora.identifier,
            "GlobalClusterArn": self._aurora.arn,
            "GlobalClusterResourceId": f"cluster-{self._aurora.identifier}",
            "Status": "available" if movement is None else movement.kind,
            "Endpoint": self._writer_endpoint(call.region),
            "Engine": ENGINE,
            "StorageEncrypted": False,
            "DeletionProtection": False,
            "GlobalClusterMembers": [self._member_document(member) for member in self._aurora.members],
        }
        if movement is not None:
            document["FailoverState"] = {
                "Status": movement.status,
                "FromDbClusterArn": movement.source.arn,
                "ToDbClusterArn": movement.destination.arn,
                "IsDataLossAllowed": movement.may_lose_data,
            }
        return document

    def _member_document(self, member: Cluster) -> Document:
        if member.role == "writer":
            readers = [other.arn for other in self._aurora.members if other is not member]
            return {"DBClusterArn": member.arn, "IsWriter": True, "Readers": readers}
        return {
            "DBClusterArn": member.arn,
            "IsWriter": False,
            "Readers": [],
            "GlobalWriteForwardingStatus": "disabled",
            "SynchronizationStatus": "connected" if self._aurora.is_connected(member) else "pending-resync",
        }

    def _cluster(self, cluster: Cluster) -> Document:
        seen = self._aurora.observe(cluster)
        host, port = self._endpoint(cluster)
        members = [{"DBInstanceIdentifier": cluster.instance, "IsClusterWriter": True, "PromotionTier": 1}]
        second = self._seconds.of(cluster)
        if second is not None:
            members.append({"DBInstanceIdentifier": second.identifier, "IsClusterWriter": False, "PromotionTier": 1})
        return {
            "DBClusterIdentifier": cluster.identifier,
            "DBClusterArn": cluster.arn,
            "DbClusterResourceId": f"cluster-{cluster.identifier}",
            "Status": self._status(cluster, seen),
            "Engine": ENGINE,
            "EngineMode": "provisioned",
            "EngineVersion": seen.version if seen else None,
            "Endpoint": host,
            "ReaderEndpoint": host,
            "Port": port,
            "MultiAZ": self._seconds.is_in_step(cluster),
            "AvailabilityZones": [f"{cluster.region}{zone}" for zone in "abc"],
            "ClusterCreateTime": self._aurora.created,
            "DBClusterMembers": members,
            "GlobalClusterIdentifier": None if cluster.role == "standalone" else self._aurora.identifier,
            "ReplicationSourceIdentifier": self._source(cluster),
        }

    def _source(self, cluster: Cluster) -> str | None:
        writer = self._aurora.writer
        return writer.arn if writer is not None and cluster.role == "reader" else None

    def _status(self, cluster: Cluster, seen: Observation | None) -> str:
        movement = self._aurora.movement
        if movement is not None and cluster in (movement.source, movement.destination):
            return "failing-over"
        if seen is None:
            return "stopped"
        if cluster.promoting or (cluster.role != "reader" and seen.in_recovery):
            return "promoting"
        return "modifying" if cluster.resyncing else "available"

    def _instance(self, cluster: Cluster) -> Document:
        seen = self._aurora.observe(cluster)
        host, port = self._endpoint(cluster)
        status = self._status(cluster, seen)
        return {
            "DBInstanceIdentifier": cluster.instance,
            "DBInstanceArn": _instance_arn(cluster),
            "DBClusterIdentifier": cluster.identifier,
            "DBInstanceStatus": "failed" if seen is None else status,
            "Engine": ENGINE,
            "EngineVersion": seen.version if seen else None,
            "Endpoint": {"Address": host, "Port": port},
            "AvailabilityZone": f"{cluster.region}a",
            "MultiAZ": False,
            "PromotionTier": 1,
        }

    def _endpoint(self, cluster: Cluster) -> tuple[str, int]:
        if cluster.region in self._endpoints:
            host, port = self._endpoints[cluster.region].rsplit(":", 1)
            return host, int(port)
        return cluster.database.address


def _instance_arn(cluster: Cluster) -> str:
    return cluster.arn.replace(f":cluster:{cluster.identifier}", f":db:{cluster.instance}")


def _filter_values(call: Call, name: str) -> set[str]:
    return {value for f in call.parameters.get("Filters") or [] if f["Name"] == name for value in f["Values"]}


def _refuse_filters(call: Call, known: Iterable[str]) -> None:
    for asked in call.parameters.get("Filters") or []:
        if asked["Name"] not in known:
            raise AwsFault("InvalidParameterValue", f"Unrecognized filter name: {asked['Name']}")


def _wanted(call: Call, parameter: str, name: str, *others: str) -> set[str]:
    """What a description asks for by parameter or by filter; empty asks for all."""
    _refuse_filters(call, (name, *others))
    named = call.parameters.get(parameter)
    return ({named} if named else set()) | _filter_values(call, name)
