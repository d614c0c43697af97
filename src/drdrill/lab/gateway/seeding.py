"""What exists in the lab's AWS account when it opens: made in moto's stores from the target."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.models import cloudfront_backends

from drdrill.lab.gateway.aws_names import AwsNames
from drdrill.lab.gateway.config import GatewayConfig
from drdrill.lab.gateway.route53 import Route53

READY_PATH = "/ready"
SERVING_PATH = "/serving"
"""Where both regions serve, a check asks a region about itself alone: one that asked for the writer would take both regions out at once."""

WEIGHT = 50
_CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
"""The hosted zone id that AWS has for every alias to CloudFront."""

Document = dict[str, Any]


def seed(config: GatewayConfig, names: AwsNames, route53: Route53) -> None:
    """Make the hosted zone with its failover records and health check, and the distributions."""
    _seed_front_door(config, names, route53)
    for region in config.target.regions:
        _seed_distribution(config, names, region)


def _seed_front_door(config: GatewayConfig, names: AwsNames, route53: Route53) -> None:
    zone = route53.backend.create_hosted_zone(
        f"{config.target.front_door.hosted_zone.rstrip('.')}.", private_zone=False
    )
    for stored in zone.rrsets:
        stored.records = [value["Value"] if isinstance(value, dict) else value for value in stored.records]
    both_serve = config.settings.strategy.application == "active-active"
    records = _weighted_pair if both_serve else _failover_pair
    route53.backend.change_resource_record_sets(zone.id, records(config, names, route53))


def _failover_pair(config: GatewayConfig, names: AwsNames, route53: Route53) -> list[Document]:
    """Customers go to the primary region while it is healthy, and else to the other one."""
    target = config.target
    door, primary, recovery = target.front_door, target.primary_region, target.recovery_region
    cold = config.settings.strategy.application == "pilot-light" and recovery in config.checkers
    check = _health_check(config, names, route53, primary) if primary in config.checkers else None
    gate = _health_check(config, names, route53, recovery, shut=True) if cold else None
    return [
        _failover_record(door.host, "PRIMARY", names.distribution_host(primary), check),
        _failover_record(door.host, "SECONDARY", names.distribution_host(recovery), gate),
    ]


def _weighted_pair(config: GatewayConfig, names: AwsNames, route53: Route53) -> list[Document]:
    """Customers go to either region, as often to the one as to the other, while it is healthy."""
    door = config.target.front_door
    records = []
    for region in config.target.regions:
        check = _health_check(config, names, route53, region, SERVING_PATH)
        records.append(_weighted_record(door.host, region, names.distribution_host(region), check))
    return records


def _health_check(
    config: GatewayConfig, names: AwsNames, route53: Route53, region: str, path: str = READY_PATH, *, shut: bool = False
) -> str:
    """The check on a region's load balancer. ``shut``: disabled and inverted, which Route 53 takes for unhealthy until it is changed."""
    host, port = config.checkers[region].rsplit(":", 1)
    interval_s = config.settings.health_check_interval_s
    made = route53.backend.create_health_check(
        f"{config.target.name}-{region}",
        {
            "ip_address": host,
            "port": int(port),
            "type": "HTTP",
            "resource_path": path,
            "fqdn": config.target.front_door.host,
            "request_interval": max(1, round(interval_s)),
            "failure_threshold": config.settings.threshold,
            "disabled": shut,
            "inverted": shut,
        },
    )
    checks = route53.backend.health_checks
    del checks[made.id]
    made.id = names.health_check_id(region)
    checks[made.id] = made
    route53.intervals_s[made.id] = interval_s
    check_id: str = made.id
    return check_id


def _failover_record(name: str, role: str, points_to: str, health_check: str | None) -> Document:
    record: Document = {
        "Name": f"{name.rstrip('.')}.",
        "Type": "A",
        "SetIdentifier": role.lower(),
        "Failover": role,
        "AliasTarget": {"HostedZoneId": _CLOUDFRONT_ZONE, "DNSName": f"{points_to}.", "EvaluateTargetHealth": False},
    }
    if health_check is not None:
        record["HealthCheckId"] = health_check
    return {"Action": "CREATE", "ResourceRecordSet": record}


def _weighted_record(name: str, region: str, points_to: str, health_check: str) -> Document:
    return {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": f"{name.rstrip('.')}.",
            "Type": "A",
            "SetIdentifier": region,
            "Weight": WEIGHT,
            "AliasTarget": {
                "HostedZoneId": _CLOUDFRONT_ZONE,
                "DNSName": f"{points_to}.",
                "EvaluateTargetHealth": False,
            },
            "HealthCheckId": health_check,
        },
    }


def _seed_distribution(config: GatewayConfig, names: AwsNames, region: str) -> None:
    backend = cloudfront_backends[config.target.account_id]["aws"]
    origin = {
        "Id": f"load-balancer-{region}",
        "DomainName": names.balancer_host(region),
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }
    made, _location, _tag = backend.create_distribution(
        {
            "CallerReference": region,
            "Comment": config.target.distributions[region],
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": origin["Id"], "ViewerProtocolPolicy": "allow-all"},
        },
        [],
    )
    del backend.distributions[made.distribution_id]
    made.distribution_id = made.id = names.distribution_id(region)
    made.arn = f"arn:aws:cloudfront::{config.target.account_id}:distribution/{made.id}"
    made.domain_name = names.distribution_host(region)
    made.advance()
    backend.distributions[made.id] = made
