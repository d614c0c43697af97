"""The snapshots of the global database as RDS describes them."""

from __future__ import annotations

from typing import Any

from drdrill.lab.gateway.aurora import ENGINE, Snapshot


def snapshot_arn(snapshot: Snapshot) -> str:
    """The Amazon resource name of a cluster snapshot."""
    head = snapshot.cluster.arn.rsplit(":cluster:", 1)[0]
    return f"{head}:cluster-snapshot:{snapshot.identifier}"


def snapshot_document(snapshot: Snapshot) -> dict[str, Any]:
    """As DescribeDBClusterSnapshots shows it."""
    return {
        "DBClusterSnapshotIdentifier": snapshot.identifier,
        "DBClusterSnapshotArn": snapshot_arn(snapshot),
        "DBClusterIdentifier": snapshot.cluster.identifier,
        "SnapshotCreateTime": snapshot.created,
        "SnapshotType": snapshot.kind,
        "Status": "available",
        "PercentProgress": 100,
        "Engine": ENGINE,
        "StorageEncrypted": False,
    }
