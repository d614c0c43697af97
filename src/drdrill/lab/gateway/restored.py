"""Clusters restored from the snapshot of an unplanned failover: real servers on real copies, each alone in its region."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from drdrill.errors import EstateError
from drdrill.lab.gateway.aurora import ENGINE, AuroraGlobal, Snapshot
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.snapshots import snapshot_arn, snapshot_document

Document = dict[str, Any]
Status = Literal["creating", "available", "failed"]


class Copies(Protocol):
    """The lab's supervisor, as far as copies of databases go (``LabControl`` is one)."""

    def copy_snapshot(self, name: str, to: str) -> None:
        """Keep a copy once more."""

    def restore_snapshot(self, name: str, region: str) -> None:
        """Make a server of a copy."""

    def start_restored(self, region: str) -> None:
        """Start it."""

    def remove_restored(self, region: str) -> None:
        """End it, and forget its data."""


@dataclass
class Restored:
    """One restored cluster; ``instance`` is None until one was created, and until then nobody can connect."""

    identifier: str
    arn: str
    region: str
    status: Status = "creating"
    instance: str | None = None
    instance_status: Status = "creating"


class RestoredClusters:
    """What may be done with snapshots. At most one restored cluster in a region; ``endpoints`` is where operators reach it."""

    def __init__(self, aurora: AuroraGlobal, copies: Copies | None, endpoints: Mapping[str, str]) -> None:
        self._aurora = aurora
        self._given = copies
        self._endpoints = endpoints
        self._by_region: dict[str, Restored] = {}
        self._lock = threading.Lock()

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "CopyDBClusterSnapshot": self.copy_snapshot,
            "RestoreDBClusterFromSnapshot": self.restore,
            "CreateDBInstance": self.create_instance,
            "DeleteDBInstance": self.delete_instance,
            "DeleteDBCluster": self.delete_cluster,
        }

    def clusters(self, region: str) -> list[Document]:
        """The restored cluster of a region as DescribeDBClusters shows it."""
        found = self._by_region.get(region)
        return [] if found is None else [self._cluster(found)]

    def instances(self, region: str) -> list[Document]:
        """Its instance as DescribeDBInstances shows it."""
        found = self._by_region.get(region)
        return [] if found is None or found.instance is None else [self._instance(found)]

    def copy_snapshot(self, call: Call) -> Document:
        """A manual copy, which outlives the automated one. The copy is there when this answers."""
        source = self._snapshot(call, call.parameters.get("SourceDBClusterSnapshotIdentifier", ""))
        target = call.parameters.get("TargetDBClusterSnapshotIdentifier", "")
        if any(known.identifier == target for known in self._aurora.snapshots(call.region)):
            raise AwsFault("DBClusterSnapshotAlreadyExistsFault", f"DBClusterSnapshot {target} already exists")
        self._copies.copy_snapshot(source.identifier, target)
        copy = Snapshot(target, source.cluster, datetime.now(tz=UTC), "manual", has_data=True)
        self._aurora.keep(copy)
        return {"DBClusterSnapshot": snapshot_document(copy)}

    def restore(self, call: Call) -> Document:
        """A standalone cluster in the snapshot's own region; it has no instance yet, as with AWS."""
        snapshot = self._snapshot(call, call.parameters.get("SnapshotIdentifier", ""))
        identifier = call.parameters.get("DBClusterIdentifier", "")
        with self._lock:
            self._demand_room(call.region, identifier)
            head = snapshot.cluster.arn.rsplit(":", 1)[0]
            restored = self._by_region[call.region] = Restored(identifier, f"{head}:{identifier}", call.region)
        copies = self._copies

        def act() -> None:
            copies.restore_snapshot(snapshot.identifier, call.region)
            restored.status = "available"

        self._begin(act, lambda: setattr(restored, "status", "failed"))
        return {"DBCluster": self._cluster(restored)}

    def create_instance(self, call: Call) -> Document:
        """The instance of a restored cluster: the server is started, and replays its log."""
        restored = self._restored(call, call.parameters.get("DBClusterIdentifier", ""))
        with self._lock:
            if restored.instance is not None or restored.status != "available":
                message = f"DB cluster {restored.identifier} is not available, or has an instance already"
                raise AwsFault("InvalidDBClusterStateFault", message)
            restored.instance = call.parameters.get("DBInstanceIdentifier", "")
        copies = self._copies

        def act() -> None:
            copies.start_restored(call.region)
            restored.instance_status = "available"

        self._begin(act, lambda: setattr(restored, "instance_status", "failed"))
        return {"DBInstance": self._instance(restored)}

    def delete_instance(self, call: Call) -> Document:
        """The instance of a restored cluster is ended with its cluster; until then it only has no name any more."""
        wanted = call.parameters.get("DBInstanceIdentifier", "")
        restored = self._by_region.get(call.region)
        if restored is None or restored.instance != wanted:
            raise AwsFault("DBInstanceNotFound", f"DBInstance {wanted} is none that was restored")
        document = self._instance(restored)
        restored.instance = None
        return {"DBInstance": {**document, "DBInstanceStatus": "deleting"}}

    def delete_cluster(self, call: Call) -> Document:
        """A restored cluster without an instance; its data are forgotten."""
        restored = self._restored(call, call.parameters.get("DBClusterIdentifier", ""))
        if restored.instance is not None:
            message = "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
            raise AwsFault("InvalidDBClusterStateFault", message)
        self._copies.remove_restored(call.region)
        del self._by_region[call.region]
        return {"DBCluster": {**self._cluster(restored), "Status": "deleting"}}

    @property
    def _copies(self) -> Copies:
        if self._given is None:
            raise NotInLab("copies of databases here", "no supervisor is known that keeps them")
        return self._given

    def _snapshot(self, call: Call, wanted: str) -> Snapshot:
        for known in self._aurora.snapshots(call.region):
            if wanted in (known.identifier, snapshot_arn(known)):
                if not known.has_data:
                    raise AwsFault("InvalidDBClusterSnapshotStateFault", f"{wanted} is not available yet")
                return known
        raise AwsFault("DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot {wanted} not found.")

    def _restored(self, call: Call, wanted: str) -> Restored:
        found = self._by_region.get(call.region)
        if found is None or wanted not in (found.identifier, found.arn):
            raise AwsFault("DBClusterNotFoundFault", f"DBCluster {wanted} is none that was restored.")
        return found

    def _demand_room(self, region: str, identifier: str) -> None:
        member = self._aurora.in_region(region)
        if member is not None and member.identifier == identifier:
            raise AwsFault("DBClusterAlreadyExistsFault", f"DB Cluster {identifier} already exists")
        if region in self._by_region:
            message = f"{region} has a restored cluster already, and the lab has room for one"
            raise AwsFault("DBClusterQuotaExceededFault", message)

    @staticmethod
    def _begin(act: Callable[[], None], failed: Callable[[], None]) -> None:
        def run() -> None:
            try:
                act()
            except EstateError as error:
                sys.stderr.write(f"a restored cluster failed: {error}\n")
                failed()

        threading.Thread(target=run, name="restored-cluster", daemon=True).start()

    def _cluster(self, restored: Restored) -> Document:
        host, port = self._endpoints[restored.region].rsplit(":", 1)
        members = [] if restored.instance is None else [restored.instance]
        return {
            "DBClusterIdentifier": restored.identifier,
            "DBClusterArn": restored.arn,
            "DbClusterResourceId": f"cluster-{restored.identifier}",
            "Status": restored.status,
            "Engine": ENGINE,
            "EngineMode": "provisioned",
            "Endpoint": host,
            "ReaderEndpoint": host,
            "Port": int(port),
            "MultiAZ": False,
            "DBClusterMembers": [
                {"DBInstanceIdentifier": name, "IsClusterWriter": True, "PromotionTier": 1} for name in members
            ],
        }

    def _instance(self, restored: Restored) -> Document:
        host, port = self._endpoints[restored.region].rsplit(":", 1)
        name = str(restored.instance)
        return {
            "DBInstanceIdentifier": name,
            "DBInstanceArn": restored.arn.replace(f":cluster:{restored.identifier}", f":db:{name}"),
            "DBClusterIdentifier": restored.identifier,
            "DBInstanceStatus": restored.instance_status,
            "Engine": ENGINE,
            "Endpoint": {"Address": host, "Port": int(port)},
            "AvailabilityZone": f"{restored.region}a",
            "MultiAZ": False,
            "PromotionTier": 1,
        }
