"""Amazon RDS for a Multi-AZ instance and its read replicas: the operations, with descriptions from the databases themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drdrill.lab.endpoint import endpoint_host
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.relational.multi_az_events import Events
from drdrill.lab.gateway.relational.multi_az_instance import Instance
from drdrill.lab.gateway.relational.multi_az_watch import Watch
from drdrill.model.target import MultiAz, Target

ENGINE = "postgres"
PORT = 5432

Document = dict[str, Any]


class MultiAzRds:
    """The native operations."""

    def __init__(
        self, target: Target, deployment: MultiAz, instance: Instance, watches: Mapping[str, Watch], events: Events
    ) -> None:
        self._target = target
        self._deployment = deployment
        self._instance = instance
        self._watches = watches
        self._events = events

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "DescribeDBInstances": self.describe_db_instances,
            "DescribeEvents": self.describe_events,
            "RebootDBInstance": self.reboot_db_instance,
            "PromoteReadReplica": self.promote_read_replica,
        }

    def describe_db_instances(self, call: Call) -> Document:
        """The instances of the region."""
        asked = call.parameters.get("DBInstanceIdentifier")
        if call.parameters.get("Filters"):
            raise NotInLab("DescribeDBInstances with filters")
        found = [
            d for d in self._described(call.region) if asked in (None, d["DBInstanceIdentifier"], d["DBInstanceArn"])
        ]
        if asked and not found:
            raise AwsFault("DBInstanceNotFound", f"DBInstance {asked} not found.")
        return {"DBInstances": found}

    def describe_events(self, call: Call) -> Document:
        """What happened to the region's instances."""
        asked = call.parameters
        here = {described["DBInstanceIdentifier"] for described in self._described(call.region)}
        categories = set(asked.get("EventCategories") or [])
        found = [
            event.described()
            for event in self._events.between(asked.get("StartTime"), asked.get("EndTime"), asked.get("Duration"))
            if event.source in here
            and asked.get("SourceIdentifier") in (None, event.source)
            and asked.get("SourceType") in (None, "db-instance")
            and (not categories or event.category in categories)
        ]
        return {"Events": found}

    def reboot_db_instance(self, call: Call) -> Document:
        """With ForceFailover: the primary is killed, and its standby takes over. Without it, not in the lab."""
        self._demand(call, self._deployment.instance, self._target.primary_region)
        if not call.parameters.get("ForceFailover"):
            raise NotInLab("a reboot without ForceFailover")
        self._instance.fail_over()
        return {"DBInstance": self._primary()}

    def promote_read_replica(self, call: Call) -> Document:
        """A read replica stands alone from now on, and takes writes."""
        asked = call.parameters["DBInstanceIdentifier"]
        for identifier, (region, place) in self._replicas().items():
            if (identifier, region) == (asked, call.region):
                self._instance.promote_replica(place)
                return {"DBInstance": self._replica(identifier, region, place)}
        if asked == self._deployment.instance and call.region == self._target.primary_region:
            raise AwsFault("InvalidDBInstanceState", f"{asked} is not a read replica")
        raise AwsFault("DBInstanceNotFound", f"DBInstance {asked} not found.")

    def arn(self, identifier: str, region: str) -> str:
        """The Amazon resource name of an instance."""
        return f"arn:aws:rds:{region}:{self._target.account_id}:db:{identifier}"

    def _demand(self, call: Call, identifier: str, region: str) -> None:
        asked = call.parameters["DBInstanceIdentifier"]
        if (asked, call.region) != (identifier, region):
            raise AwsFault("DBInstanceNotFound", f"DBInstance {asked} not found.")

    def _replicas(self) -> dict[str, tuple[str, str]]:
        """Identifier to region, and the place of its server."""
        target, deployment = self._target, self._deployment
        return {
            deployment.reader: (target.primary_region, deployment.reader_zone),
            deployment.remote_reader: (target.recovery_region, target.recovery_region),
        }

    def _described(self, region: str) -> list[Document]:
        own = [self._primary()] if region == self._target.primary_region else []
        return own + [self._replica(name, at, place) for name, (at, place) in self._replicas().items() if at == region]

    def _primary(self) -> Document:
        state, region = self._instance.state, self._target.primary_region
        described = self._common(self._deployment.instance, region, state.primary)
        described |= {
            "DBInstanceStatus": self._instance.status,
            "AvailabilityZone": state.primary,
            "MultiAZ": True,
            "ReadReplicaDBInstanceIdentifiers": [self._named(name, at) for name, at in self._standing_replicas()],
        }
        return described | ({} if state.standby is None else {"SecondaryAvailabilityZone": state.standby})

    def _replica(self, identifier: str, region: str, place: str) -> Document:
        described = self._common(identifier, region, place)
        in_zone = place in (self._deployment.reader_zone, *self._deployment.zones)
        described |= {
            "DBInstanceStatus": self._instance.replica_status(place),
            "AvailabilityZone": place if in_zone else f"{place}a",
            "MultiAZ": False,
        }
        if place in self._instance.state.promoted:
            return described
        source = self._deployment.instance
        home = self._target.primary_region
        return described | {
            "ReadReplicaSourceDBInstanceIdentifier": source if region == home else self.arn(source, home)
        }

    def _standing_replicas(self) -> list[tuple[str, str]]:
        promoted = self._instance.state.promoted
        return [(name, at) for name, (at, place) in self._replicas().items() if place not in promoted]

    def _named(self, identifier: str, region: str) -> str:
        """A replica in another region goes by its whole name, as with RDS."""
        return identifier if region == self._target.primary_region else self.arn(identifier, region)

    def _common(self, identifier: str, region: str, place: str) -> Document:
        seen = self._watches[place].newest
        host = endpoint_host(identifier, region, self._target.account_id)
        return {
            "DBInstanceIdentifier": identifier,
            "DBInstanceArn": self.arn(identifier, region),
            "Engine": ENGINE,
            "EngineVersion": seen.version if seen else None,
            "Endpoint": {"Address": host, "Port": PORT},
        }
