"""Elastic Load Balancing of the lab: one load balancer and one target group per region, and health as the balancer sees it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from drdrill.lab.gateway.aws_names import AwsNames
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault
from drdrill.lab.gateway.operation import Operation
from drdrill.model.target import Target

TARGETS_PATH = "/lb/targets"
_ASK_S = 1.0
_DESCRIPTIONS = {
    "Elb.InitialHealthChecking": "Initial health checks in progress",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.Timeout": "Request timed out",
    "Target.ResponseCodeMismatch": "Health checks failed with an unexpected code",
    "Elb.InternalError": "Internal error",
}

Document = dict[str, Any]


class Elbv2:
    """The native operations. moto keeps targets by address without port, so that five workers would be one."""

    def __init__(self, target: Target, balancers: Mapping[str, str]) -> None:
        self._target = target
        self._names = AwsNames(target)
        self._balancers = balancers
        self._last_known: dict[str, list[Document]] = {}

    def operations(self) -> dict[str, Operation]:
        """By the names that AWS gave them."""
        return {
            "DescribeLoadBalancers": self.describe_load_balancers,
            "DescribeTargetGroups": self.describe_target_groups,
            "DescribeTargetHealth": self.describe_target_health,
        }

    def describe_load_balancers(self, call: Call) -> Document:
        """The region's load balancer."""
        region = call.region
        name, arn = self._names.balancer_name(region), self._names.balancer_arn(region)
        _demand(call, "Names", name, "LoadBalancerNotFound", "Load balancer")
        _demand(call, "LoadBalancerArns", arn, "LoadBalancerNotFound", "Load balancer")
        balancer = {
            "LoadBalancerArn": arn,
            "LoadBalancerName": name,
            "DNSName": self._names.balancer_host(region),
            "Scheme": "internet-facing",
            "State": {"Code": "active"},
            "Type": "application",
            "AvailabilityZones": [{"ZoneName": f"{region}a"}],
            "IpAddressType": "ipv4",
        }
        return {"LoadBalancers": [balancer]}

    def describe_target_groups(self, call: Call) -> Document:
        """The region's target group."""
        region = call.region
        name, arn = self._names.balancer_name(region), self._names.target_group_arn(region)
        _demand(call, "Names", name, "TargetGroupNotFound", "Target group")
        _demand(call, "TargetGroupArns", arn, "TargetGroupNotFound", "Target group")
        balancer = self._names.balancer_arn(region)
        if call.parameters.get("LoadBalancerArn", balancer) != balancer:
            raise AwsFault("LoadBalancerNotFound", "One or more load balancers not found")
        group = {
            "TargetGroupArn": arn,
            "TargetGroupName": name,
            "Protocol": "HTTP",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckEnabled": True,
            "HealthCheckPath": "/health",
            "TargetType": "ip",
            "LoadBalancerArns": [balancer],
        }
        return {"TargetGroups": [group]}

    def describe_target_health(self, call: Call) -> Document:
        """Every target as the balancer's own health checks find it."""
        if call.parameters.get("TargetGroupArn") != self._names.target_group_arn(call.region):
            raise AwsFault("TargetGroupNotFound", "One or more target groups not found")
        wanted = {(target["Id"], target.get("Port")) for target in call.parameters.get("Targets") or []}
        found = [_health(seen) for seen in self._targets(call.region)]
        return {"TargetHealthDescriptions": [one for one in found if not wanted or _is_wanted(one["Target"], wanted)]}

    def _targets(self, region: str) -> list[Document]:
        """What the balancer says; when it is silent, the targets it had, of unknown health."""
        try:
            self._last_known[region] = _ask(self._balancers[region])
        except (OSError, http.client.HTTPException, ValueError) as error:
            if region not in self._last_known:
                message = f"the load balancer of {region} does not answer, and its targets were never seen: {error}"
                raise AwsFault("ServiceUnavailable", message, 503) from error
            return [{**seen, "healthy": None} for seen in self._last_known[region]]
        return self._last_known[region]


def _ask(address: str) -> list[Document]:
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=_ASK_S)
    try:
        connection.request("GET", TARGETS_PATH, headers={"Connection": "close"})
        response = connection.getresponse()
        if response.status != 200:
            raise http.client.HTTPException(f"status {response.status}")
        targets: list[Document] = json.loads(response.read())
        return targets
    finally:
        connection.close()


def _health(seen: Document) -> Document:
    host, port = seen["target"].rsplit(":", 1)
    target = {"Id": host, "Port": int(port)}
    return {"Target": target, "HealthCheckPort": port, "TargetHealth": _state(seen)}


def _state(seen: Document) -> Document:
    if seen["healthy"]:
        return {"State": "healthy"}
    reason = "Elb.InternalError" if seen["healthy"] is None else seen.get("reason") or "Target.FailedHealthChecks"
    states = {"Elb.InitialHealthChecking": "initial", "Elb.InternalError": "unavailable"}
    return {
        "State": states.get(reason, "unhealthy"),
        "Reason": reason,
        "Description": _DESCRIPTIONS.get(reason, "Health checks failed"),
    }


def _is_wanted(target: Document, wanted: set[tuple[str, int | None]]) -> bool:
    return (target["Id"], target["Port"]) in wanted or (target["Id"], None) in wanted


def _demand(call: Call, parameter: str, there: str, code: str, what: str) -> None:
    """Complain about any name or ARN that is not the one which the region has."""
    asked = call.parameters.get(parameter) or [there]
    missing = [one for one in asked if one != there]
    if missing:
        raise AwsFault(code, f"{what}s '[{', '.join(missing)}]' not found")
