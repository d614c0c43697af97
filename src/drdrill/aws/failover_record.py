"""The Route 53 failover records of the front door, and what the health checkers say of the primary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drdrill.aws.clients import AwsClients
from drdrill.errors import Unprovable
from drdrill.model.frozen import Frozen

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef


class CheckersSay(Frozen):
    """What Route 53's health checkers report of one endpoint."""

    healthy: int
    unhealthy: int
    reasons: tuple[str, ...] = ()

    @property
    def majority_unhealthy(self) -> bool:
        """Whether more than half of the checkers that report see a failure."""
        return self.unhealthy > self.healthy

    def __str__(self) -> str:
        seen = f"{self.unhealthy} of {self.healthy + self.unhealthy} checkers see a failure"
        return f"{seen} ({self.reasons[0]})" if self.reasons else seen


def primary_health_check(clients: AwsClients) -> str:
    """The id of the health check on the front door's PRIMARY failover record, or on the primary region's weighted one.

    Raises ``Unprovable`` when the zone, the record or its health check is missing.
    """
    door = clients.estate.target.front_door
    for record in _records(clients, door.hosted_zone, door.host):
        weighted = "Weight" in record and record.get("SetIdentifier") == clients.estate.target.primary_region
        if (weighted or record.get("Failover") == "PRIMARY") and record.get("HealthCheckId"):
            return record["HealthCheckId"]
    raise Unprovable(
        f"the front door {door.host} has no PRIMARY failover record with a health check in zone {door.hosted_zone}"
    )


def secondary_health_check(clients: AwsClients) -> str:
    """The id of the health check on the SECONDARY failover record, by which a pilot light keeps customers out.

    Raises ``Unprovable`` when the zone, the record or its health check is missing.
    """
    door = clients.estate.target.front_door
    for record in _records(clients, door.hosted_zone, door.host):
        if record.get("Failover") == "SECONDARY" and record.get("HealthCheckId"):
            return record["HealthCheckId"]
    raise Unprovable(
        f"the front door {door.host} has no SECONDARY failover record with a health check in zone {door.hosted_zone}"
    )


def health_of(clients: AwsClients, health_check_id: str) -> CheckersSay:
    """What the checkers report now. Raises boto3's own errors (``AwsError``) when Route 53 does not answer."""
    answer = clients.route53().get_health_check_status(HealthCheckId=health_check_id)
    statuses = [seen.get("StatusReport", {}).get("Status", "") for seen in answer["HealthCheckObservations"]]
    failures = tuple(status for status in statuses if not status.startswith("Success"))
    return CheckersSay(healthy=len(statuses) - len(failures), unhealthy=len(failures), reasons=failures)


def weighted_records(clients: AwsClients) -> tuple[str, list[ResourceRecordSetOutputTypeDef]]:
    """The id of the front door's zone, and its weighted records. Raises ``Unprovable`` without a zone, and ``AwsError``."""
    door = clients.estate.target.front_door
    records = _records(clients, door.hosted_zone, door.host)
    return _zone_id(clients, door.hosted_zone), [record for record in records if "Weight" in record]


def _zone_id(clients: AwsClients, zone: str) -> str:
    zones = clients.route53().list_hosted_zones_by_name(DNSName=zone)["HostedZones"]
    ids = [found["Id"] for found in zones if found["Name"].rstrip(".") == zone.rstrip(".")]
    if not ids:
        raise Unprovable(f"the hosted zone {zone} was not found in Route 53")
    return ids[0]


def _records(clients: AwsClients, zone: str, host: str) -> list[ResourceRecordSetOutputTypeDef]:
    zone_id = _zone_id(clients, zone)
    pages = clients.route53().get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    records = [record for page in pages for record in page["ResourceRecordSets"]]
    return [record for record in records if record["Name"].rstrip(".") == host.rstrip(".")]
