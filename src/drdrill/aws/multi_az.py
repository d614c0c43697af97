"""An RDS Multi-AZ instance as its control plane sees it: where the primary is, whether a standby protects it, what happened."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from drdrill.aws.clients import AwsClients
from drdrill.errors import Unprovable
from drdrill.model.frozen import Frozen
from drdrill.model.target import MultiAz

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

FAILOVER_STARTED = "Multi-AZ instance failover started"
FAILOVER_COMPLETED = "Multi-AZ instance failover completed"
"""The words of RDS-EVENT-0013 and RDS-EVENT-0049; DescribeEvents tells no numbers."""


class InstanceState(Frozen):
    """One DB instance, seen once. ``standby_zone`` is None while no standby protects it, ``source`` unless it is a replica."""

    identifier: str
    arn: str
    status: str
    zone: str
    standby_zone: str | None
    source: str | None

    @property
    def protected(self) -> bool:
        """Whether it is available and a standby holds every commit."""
        return self.status == "available" and self.standby_zone is not None

    def __str__(self) -> str:
        standby = f"standby in {self.standby_zone}" if self.standby_zone else "no standby"
        return f"{self.identifier} is {self.status}, primary in {self.zone}, {standby}"


def deployment_of(clients: AwsClients) -> MultiAz:
    """What the target says of its Multi-AZ instance. Raises ``Unprovable`` when it says nothing."""
    found = clients.estate.target.multi_az
    if found is None:
        raise Unprovable(
            f"the target {clients.estate.target.name} names no Multi-AZ instance; add a section [multi_az]"
        )
    return found


def describe_multi_az(clients: AwsClients) -> InstanceState:
    """The target's Multi-AZ instance. Raises ``Unprovable`` and ``AwsError`` as ``describe_instance``."""
    return describe_instance(clients, clients.estate.target.primary_region, deployment_of(clients).instance)


def describe_instance(clients: AwsClients, region: str, identifier: str) -> InstanceState:
    """One instance as its region sees it.

    Raises ``Unprovable`` when it is not there, and boto3's own errors (``AwsError``) when the region does not answer.
    """
    answer = clients.rds(region).describe_db_instances(DBInstanceIdentifier=identifier)
    for instance in answer["DBInstances"]:
        if instance.get("DBInstanceIdentifier") == identifier:
            return _state(instance)
    raise Unprovable(f"the instance {identifier} was not found by DescribeDBInstances in {region}")


def writer_of_multi_az(clients: AwsClients, region: str) -> str | None:
    """The region that writes: the primary's, unless the other one says that its replica was promoted.

    ``region`` is asked about its own instance. A promoted replica and its old source both write, as with RDS: so the recovery
    region is to be asked first.
    """
    target, deployment = clients.estate.target, deployment_of(clients)
    if region == target.primary_region:
        return region if describe_multi_az(clients).source is None else None
    replica = describe_instance(clients, region, deployment.remote_reader)
    return region if replica.source is None else target.primary_region


def events_since(clients: AwsClients, began: datetime) -> list[str]:
    """What RDS told of the instance since then, in order. Raises boto3's own errors (``AwsError``)."""
    deployment, region = deployment_of(clients), clients.estate.target.primary_region
    answer = clients.rds(region).describe_events(
        SourceIdentifier=deployment.instance, SourceType="db-instance", StartTime=began
    )
    return [event.get("Message", "") for event in answer["Events"]]


def _state(instance: DBInstanceTypeDef) -> InstanceState:
    return InstanceState(
        identifier=instance.get("DBInstanceIdentifier", ""),
        arn=instance.get("DBInstanceArn", ""),
        status=instance.get("DBInstanceStatus", "unknown"),
        zone=instance.get("AvailabilityZone", ""),
        standby_zone=instance.get("SecondaryAvailabilityZone"),
        source=instance.get("ReadReplicaSourceDBInstanceIdentifier"),
    )
