"""RDS DB instances that stand alone: the primary's, and those that are made from snapshots."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from drdrill.errors import EstateError
from drdrill.lab.control import LabControl
from drdrill.lab.gateway.database import Database
from drdrill.lab.gateway.fault import AwsFault

ENGINE = "postgres"
STORAGE_GB = 20
"""What the lab's instances are said to have: the least that RDS for PostgreSQL takes."""

Document = dict[str, Any]
Making = Literal["creating", "made", "failed"]


@dataclass
class Instance:
    """One DB instance. ``making`` is how far its restore is; a primary is ``made`` from the beginning."""

    identifier: str
    region: str
    database: Database
    endpoint: tuple[str, int]
    making: Making = "made"
    snapshot: str = ""
    problem: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(tz=UTC))

    def status(self) -> str:
        """The status that AWS would show; the database itself is asked."""
        if self.making != "made":
            return self.making
        seen = self.database.observe()
        return "available" if seen is not None else "failed"

    def document(self, account_id: str) -> Document:
        """As DescribeDBInstances shows it."""
        seen = self.database.observe() if self.making == "made" else None
        document: Document = {
            "DBInstanceIdentifier": self.identifier,
            "DBInstanceArn": f"arn:aws:rds:{self.region}:{account_id}:db:{self.identifier}",
            "DBInstanceStatus": self.making if self.making != "made" else "available" if seen else "failed",
            "Engine": ENGINE,
            "EngineVersion": seen.version if seen else None,
            "AllocatedStorage": STORAGE_GB,
            "AvailabilityZone": f"{self.region}a",
            "MultiAZ": False,
            "StorageEncrypted": False,
            "InstanceCreateTime": self.created,
        }
        if self.making == "made":
            document["Endpoint"] = {"Address": self.endpoint[0], "Port": self.endpoint[1]}
        return document


class Instances:
    """Every DB instance of the lab. Thread-safe."""

    def __init__(self, supervisor: LabControl | None) -> None:
        self._supervisor = supervisor
        self._lock = threading.Lock()
        self._all: dict[tuple[str, str], Instance] = {}

    def add(self, instance: Instance) -> None:
        """Take an instance in. Raises ``AwsFault`` when its name is taken, or its region has a server already."""
        with self._lock:
            if (instance.region, instance.identifier) in self._all:
                raise AwsFault("DBInstanceAlreadyExists", f"DB instance {instance.identifier} already exists")
            if any(other.making != "failed" for other in self._all.values() if other.region == instance.region):
                raise AwsFault(
                    "InstanceQuotaExceeded", f"the lab has room for one database server in {instance.region}"
                )
            self._all[instance.region, instance.identifier] = instance

    def in_region(self, region: str) -> list[Instance]:
        """All of a region."""
        with self._lock:
            return [instance for instance in self._all.values() if instance.region == region]

    def find(self, region: str, identifier: str) -> Instance:
        """One by its name, or its ARN. Raises ``AwsFault`` when there is none."""
        for instance in self.in_region(region):
            if identifier.rsplit(":", 1)[-1].lower() == instance.identifier.lower():
                return instance
        raise AwsFault("DBInstanceNotFound", f"DBInstance {identifier} not found.")

    def make(self, instance: Instance, snapshot: str) -> None:
        """Begin to make a server from a snapshot; the instance becomes available, or failed with the reason."""
        if self._supervisor is None:
            raise AwsFault("InternalFailure", "this gateway runs without a lab, and can make no database", 500)
        instance.making, instance.snapshot = "creating", snapshot
        self.add(instance)
        threading.Thread(target=self._make, args=(instance,), name=f"making-{instance.identifier}", daemon=True).start()

    def _make(self, instance: Instance) -> None:
        assert self._supervisor is not None
        try:
            self._supervisor.make_database(instance.region, instance.snapshot)
        except EstateError as error:
            instance.problem, instance.making = str(error), "failed"
            return
        instance.making = "made"

    def close(self) -> None:
        """Close every connection."""
        for instance in self._all.values():
            instance.database.close()
