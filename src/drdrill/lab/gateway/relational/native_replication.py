"""What the AWS API knows of databases that the bank runs by itself: nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.relational.relational import Surroundings


class NativeReplicationPart:
    """RDS answers, and has no databases."""

    def __init__(self, around: Surroundings) -> None:
        del around

    def operations(self) -> Mapping[str, Mapping[str, Operation]]:
        """Empty lists, as in an account that uses no RDS."""
        return {"rds": {"DescribeDBInstances": _no_instances, "DescribeDBClusters": _no_clusters}}

    def start(self) -> None:
        """Nothing to watch."""

    def stop(self) -> None:
        """Nothing to end."""

    def status(self) -> dict[str, Any]:
        """No problems can arise here."""
        return {"problems": []}


def _no_instances(_: Call) -> Mapping[str, Any]:
    return {"DBInstances": []}


def _no_clusters(_: Call) -> Mapping[str, Any]:
    return {"DBClusters": []}
