"""RDS instances, their snapshots, and a table for the recovery: the AWS API of a lab whose data survive by snapshot copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from drdrill.errors import EstateError
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.database import Database
from drdrill.lab.gateway.fault import AwsFault
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.relational.db_instances import Instance, Instances
from drdrill.lab.gateway.relational.db_snapshots import DbSnapshots
from drdrill.lab.gateway.relational.relational import Surroundings
from drdrill.lab.snapshots.client import ShelfClient

KEY = "record_id"
Document = dict[str, Any]


class SnapshotCopyPart:
    """The primary's instance over its server, the snapshots of both regions, and instances made from them."""

    def __init__(self, around: Surroundings) -> None:
        config = around.config
        target = config.target
        if target.rds is None or target.snapshots is None:
            raise EstateError(
                f"the gateway does not start: {target.name} has no [rds] and [snapshots], which snapshot-copy needs"
            )
        self._config = config
        self._identifiers = target.rds.instances
        self._instances = Instances(around.supervisor)
        self._instances.add(self._instance(target.primary_region, self._identifiers[target.primary_region]))
        shelves = {region: ShelfClient(address, config.token) for region, address in config.shelves.items()}
        named = (target.primary_region, self._identifiers[target.primary_region])
        self._snapshots = DbSnapshots(target.account_id, named, shelves, self._instances)
        self._table = target.snapshots.table

    def operations(self) -> Mapping[str, Mapping[str, Operation]]:
        """RDS; DynamoDB is moto's."""
        return {
            "rds": {
                **self._snapshots.operations(),
                "DescribeDBInstances": self.describe_db_instances,
                "RestoreDBInstanceFromDBSnapshot": self.restore,
            }
        }

    def start(self) -> None:
        """Make the table for the recovery, in the recovery region alone: it must be readable while the primary is dark."""
        backend = dynamodb_backends[self._config.target.account_id][self._config.target.recovery_region]
        backend.create_table(
            self._table,
            schema=[{"AttributeName": KEY, "KeyType": "HASH"}],
            attr=[{"AttributeName": KEY, "AttributeType": "S"}],
            throughput=None,
            billing_mode="PAY_PER_REQUEST",
            global_indexes=[],
            indexes=[],
            streams=None,
            sse_specification=None,
            tags=[],
            deletion_protection_enabled=False,
            warm_throughput=None,
        )

    def stop(self) -> None:
        """Close every connection."""
        self._instances.close()

    def status(self) -> dict[str, Any]:
        """The instances, and why one could not be made."""
        known = [one for region in self._config.target.regions for one in self._instances.in_region(region)]
        problems = [f"{one.identifier} was not made from {one.snapshot}: {one.problem}" for one in known if one.problem]
        return {"instances": [one.identifier for one in known], "problems": problems}

    def describe_db_instances(self, call: Call) -> Document:
        """The region's instances as their servers are at this moment."""
        asked = call.parameters.get("DBInstanceIdentifier")
        if call.parameters.get("Filters"):
            raise AwsFault("InvalidParameterValue", "the lab's DescribeDBInstances takes no filters")
        found = [self._instances.find(call.region, asked)] if asked else self._instances.in_region(call.region)
        return {"DBInstances": [one.document(self._config.target.account_id) for one in found]}

    def restore(self, call: Call) -> Document:
        """Make an instance from a snapshot of the region; it is creating, then available or failed."""
        snapshot = self._snapshots.whole(call.region, call.parameters["DBSnapshotIdentifier"])
        instance = self._instance(call.region, call.parameters["DBInstanceIdentifier"].lower())
        self._instances.make(instance, snapshot.identifier)
        return {"DBInstance": instance.document(self._config.target.account_id)}

    def _instance(self, region: str, identifier: str) -> Instance:
        database = Database(region, self._config.databases[region])
        host, port = database.address
        if region in self._config.endpoints:
            host, text = self._config.endpoints[region].rsplit(":", 1)
            port = int(text)
        return Instance(identifier=identifier, region=region, database=database, endpoint=(host, port))
