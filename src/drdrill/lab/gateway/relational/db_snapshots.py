"""RDS DB snapshots: what lies on the shelf of a region, as the AWS API shows and changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from drdrill.errors import EstateError
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.relational.db_instances import ENGINE, STORAGE_GB, Instances
from drdrill.lab.snapshots.client import ShelfClient
from drdrill.lab.snapshots.shelf import Snapshot

Document = dict[str, Any]
_FILTERS = ("db-instance-id", "db-snapshot-id", "snapshot-type", "engine")


class DbSnapshots:
    """The operations on snapshots. Status and progress come from the shelf at the moment of the call."""

    def __init__(
        self, account_id: str, database: tuple[str, str], shelves: Mapping[str, ShelfClient], instances: Instances
    ) -> None:
        self._account_id = account_id
        self._primary, self._database = database
        self._shelves = shelves
        self._instances = instances

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "CreateDBSnapshot": self.create,
            "CopyDBSnapshot": self.copy,
            "DescribeDBSnapshots": self.describe,
            "DeleteDBSnapshot": self.delete,
        }

    def create(self, call: Call) -> Document:
        """Begin a base backup of a running server."""
        instance = self._instances.find(call.region, call.parameters["DBInstanceIdentifier"])
        identifier = self._fresh(call, call.parameters["DBSnapshotIdentifier"])
        status = instance.status()
        if status != "available":
            message = f"Cannot create a snapshot because the database instance {instance.identifier} is {status}"
            raise AwsFault("InvalidDBInstanceState", message)
        if any(one.status == "creating" and not one.source_region for one in self._on_shelf(call.region)):
            message = f"Cannot create a snapshot because {instance.identifier} is being backed up"
            raise AwsFault("InvalidDBInstanceState", message)
        return self._begin(call.region, identifier, None)

    def copy(self, call: Call) -> Document:
        """Begin to copy a whole snapshot from the region that its ARN names; asked for in the region it shall come to."""
        asked = call.parameters
        source = asked["SourceDBSnapshotIdentifier"]
        if not source.startswith("arn:"):
            raise AwsFault("InvalidParameterValue", "copy from another Region by the ARN of the snapshot")
        if asked.get("KmsKeyId"):
            raise AwsFault("KMSKeyNotAccessibleFault", "the lab has no KMS keys")
        region, name = source.split(":")[3], source.rsplit(":", 1)[-1]
        identifier = self._fresh(call, asked["TargetDBSnapshotIdentifier"])
        if region == call.region or region not in self._shelves:
            raise AwsFault("InvalidParameterValue", f"the lab copies from the other Region alone, not from {region}")
        original = self._find(region, name)
        if original.status != "available":
            raise AwsFault("InvalidDBSnapshotState", f"the snapshot {name} is {original.status}")
        return self._begin(call.region, identifier, name)

    def describe(self, call: Call) -> Document:
        """Every snapshot of the region, unfinished and failed ones included."""
        filters = {one["Name"]: set(one["Values"]) for one in call.parameters.get("Filters") or []}
        for unknown in set(filters) - set(_FILTERS):
            raise AwsFault("InvalidParameterValue", f"Unrecognized filter name: {unknown}")
        of = {call.parameters.get("DBInstanceIdentifier"), *filters.get("db-instance-id", ())} - {None}
        kinds = {call.parameters.get("SnapshotType"), *filters.get("snapshot-type", ())} - {None}
        named = call.parameters.get("DBSnapshotIdentifier")
        if named is not None:
            return {"DBSnapshots": [self._document(call.region, self._find(call.region, named.rsplit(":", 1)[-1]))]}
        if (of and self._database not in of) or (kinds and "manual" not in kinds):
            return {"DBSnapshots": []}
        wanted = filters.get("db-snapshot-id")
        found = [one for one in self._on_shelf(call.region) if wanted is None or one.identifier in wanted]
        return {"DBSnapshots": [self._document(call.region, one) for one in found]}

    def delete(self, call: Call) -> Document:
        """Remove a snapshot that is whole, or has failed."""
        found = self._find(call.region, call.parameters["DBSnapshotIdentifier"])
        if found.status == "creating":
            raise AwsFault("InvalidDBSnapshotState", f"Cannot delete the snapshot {found.identifier}: it is creating")
        self._ask(call.region, lambda shelf: shelf.remove(found.identifier))
        return {"DBSnapshot": {**self._document(call.region, found), "Status": "deleted"}}

    def whole(self, region: str, identifier: str) -> Snapshot:
        """One that a database may be made from. Raises ``AwsFault`` when it is not there, or not available."""
        found = self._find(region, identifier.rsplit(":", 1)[-1])
        if found.status != "available":
            message = f"the snapshot {found.identifier} is {found.status}, {found.percent} % done"
            raise AwsFault("InvalidDBSnapshotState", message)
        return found

    def _fresh(self, call: Call, identifier: str) -> str:
        name = str(identifier).lower()
        if not name.replace("-", "").isalnum() or not name[0].isalpha() or len(name) > 255:
            raise AwsFault("InvalidParameterValue", f"{identifier} is not a valid identifier of a snapshot")
        if name in {one.identifier for one in self._on_shelf(call.region)}:
            raise AwsFault("DBSnapshotAlreadyExists", f"Cannot create the snapshot because {name} already exists.")
        return name

    def _begin(self, region: str, identifier: str, source: str | None) -> Document:
        self._ask(region, lambda shelf: shelf.begin(identifier, source))
        begun = Snapshot(
            identifier=identifier, made_at=datetime.now(tz=UTC), source_region="" if source is None else "-"
        )
        return {"DBSnapshot": self._document(region, begun)}

    def _find(self, region: str, identifier: str) -> Snapshot:
        for one in self._on_shelf(region):
            if one.identifier == identifier.lower():
                return one
        raise AwsFault("DBSnapshotNotFound", f"DBSnapshot {identifier} not found.")

    def _on_shelf(self, region: str) -> Iterable[Snapshot]:
        found: list[Snapshot] = self._ask(region, lambda shelf: shelf.snapshots())
        return found

    def _ask(self, region: str, question: Any) -> Any:
        try:
            return question(self._shelves[region])
        except EstateError as error:
            raise AwsFault("InternalFailure", f"the snapshots of {region} cannot be reached ({error})", 500) from error

    def _arn(self, region: str, identifier: str) -> str:
        return f"arn:aws:rds:{region}:{self._account_id}:snapshot:{identifier}"

    def _document(self, region: str, snapshot: Snapshot) -> Document:
        cut_at = snapshot.cut_at or snapshot.made_at
        document: Document = {
            "DBSnapshotIdentifier": snapshot.identifier,
            "DBSnapshotArn": self._arn(region, snapshot.identifier),
            "DBInstanceIdentifier": self._database,
            "SnapshotType": "manual",
            "SnapshotCreateTime": snapshot.made_at if snapshot.source_region else cut_at,
            "OriginalSnapshotCreateTime": cut_at,
            "Status": snapshot.status,
            "PercentProgress": snapshot.percent,
            "Engine": ENGINE,
            "AllocatedStorage": STORAGE_GB,
            "Encrypted": False,
        }
        if snapshot.status == "available":
            document["FullSnapshotSizeInBytes"] = snapshot.bytes_done
        if snapshot.source_region in self._shelves:
            document["SourceRegion"] = snapshot.source_region
            document["SourceDBSnapshotIdentifier"] = self._arn(snapshot.source_region, snapshot.identifier)
        return document
