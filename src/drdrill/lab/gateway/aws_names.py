"""The names of AWS's making that the lab gives to the target's resources; the same at every start."""

from __future__ import annotations

import re
import uuid
import zlib

from drdrill.model.target import Target

_UNFIT = re.compile(r"[^A-Za-z0-9]+")
_DISTRIBUTION_ID = re.compile(r"^E[A-Z0-9]{5,}$")


def _number(text: str) -> int:
    return zlib.crc32(text.encode())


class AwsNames:
    """ARNs, ids and host names of one target's resources."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def balancer_host(self, region: str) -> str:
        """The host name of a region's load balancer; one that the target gives in full is kept."""
        name = self._target.load_balancers[region]
        return name if "." in name else f"{name}-{_number(name):010d}.{region}.elb.amazonaws.com"

    def balancer_name(self, region: str) -> str:
        """The name of a region's load balancer, and of its target group."""
        return self._target.load_balancers[region].split(".")[0]

    def balancer_arn(self, region: str) -> str:
        """The ARN of a region's load balancer."""
        name = self.balancer_name(region)
        return self._elb_arn(region, f"loadbalancer/app/{name}/{_number(region + name):016x}")

    def target_group_arn(self, region: str) -> str:
        """The ARN of a region's target group."""
        name = self.balancer_name(region)
        return self._elb_arn(region, f"targetgroup/{name}/{_number(name + region):016x}")

    def _elb_arn(self, region: str, resource: str) -> str:
        return f"arn:aws:elasticloadbalancing:{region}:{self._target.account_id}:{resource}"

    def distribution_id(self, region: str) -> str:
        """The id of a region's distribution: the target's own, if it is one."""
        name = self._target.distributions[region]
        return name if _DISTRIBUTION_ID.match(name) else f"E{_number(name):013d}"

    def distribution_host(self, region: str) -> str:
        """The host name of a region's distribution."""
        return f"d{_number(self._target.distributions[region] + region):013d}.cloudfront.net"

    def health_check_id(self, region: str) -> str:
        """The id of the health check on a region's load balancer."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.balancer_host(region)))

    def cluster(self, region: str) -> str:
        """The name of a region's Kubernetes cluster."""
        return f"{_UNFIT.sub('-', self._target.name)}-{region}"

    def cluster_arn(self, region: str) -> str:
        """The ARN of a region's Kubernetes cluster."""
        return f"arn:aws:eks:{region}:{self._target.account_id}:cluster/{self.cluster(region)}"

    def node_group_arn(self, region: str, group: str) -> str:
        """The ARN of one of its node groups."""
        name = f"{self.cluster(region)}/{group}"
        return f"arn:aws:eks:{region}:{self._target.account_id}:nodegroup/{name}/{_number(name):032x}"
