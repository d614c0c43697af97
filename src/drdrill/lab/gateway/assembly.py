"""The gateway put together: what knows what, and in which order it begins and ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from drdrill.lab.control import LabControl
from drdrill.lab.gateway.account import Account
from drdrill.lab.gateway.admin import Admin
from drdrill.lab.gateway.application import Gateway
from drdrill.lab.gateway.audit import AuditTrail
from drdrill.lab.gateway.aws_names import AwsNames
from drdrill.lab.gateway.cloudfront import CloudFront
from drdrill.lab.gateway.cloudwatch import CloudWatch, refuse_percentiles
from drdrill.lab.gateway.config import GatewayConfig
from drdrill.lab.gateway.darkness import Darkness
from drdrill.lab.gateway.eks import Eks
from drdrill.lab.gateway.elbv2 import Elbv2
from drdrill.lab.gateway.endpoint_names import EndpointNames
from drdrill.lab.gateway.locks import per_service
from drdrill.lab.gateway.name_server import NameServer
from drdrill.lab.gateway.relational.catalogue import relational_for
from drdrill.lab.gateway.relational.relational import Surroundings
from drdrill.lab.gateway.route53 import Route53
from drdrill.lab.gateway.seeding import seed
from drdrill.lab.gateway.server import Server

_WARM_UP = (
    ("route53", "GET", "/2013-04-01/hostedzone"),
    ("cloudfront", "GET", "/2020-05-31/distribution"),
)


class Assembly:
    """Everything of one gateway. ``start`` returns when all listens; ``stop`` frees every address."""

    def __init__(self, config: GatewayConfig) -> None:
        target, self._names = config.target, AwsNames(config.target)
        self._config = config
        self._stack = ExitStack()
        self.darkness = Darkness()
        locks = per_service()
        supervisor = LabControl(config.control, config.token) if config.control else None
        names = EndpointNames()
        self.route53 = self._make_route53(locks, names)
        cloudwatch = CloudWatch(target.account_id, locks)
        around = Surroundings(config, self.darkness, cloudwatch, supervisor, names)
        self.relational = relational_for(config.settings.strategy.data, around)
        account = Account(target.account_id)
        by_service = {
            **self.relational.operations(),
            "route53": self.route53.operations(),
            "elbv2": Elbv2(target, config.balancers or config.checkers).operations(),
            "eks": Eks(target, config.settings, supervisor).operations(),
            "sts": account.sts_operations(),
            "ecr": account.ecr_operations(),
            "cloudfront": self._make_cloudfront(locks, supervisor).operations(),
        }
        guards = {("route53", name): guard for name, guard in self.route53.guards().items()}
        guards |= {("cloudwatch", name): refuse_percentiles for name in ("GetMetricStatistics", "GetMetricData")}
        audit = AuditTrail(config.log)
        self._stack.callback(audit.close)
        self._gateway = Gateway(
            regions=target.regions,
            darkness=self.darkness,
            audit=audit,
            locks=locks,
            natives={(service, name): act for service, acts in by_service.items() for name, act in acts.items()},
            guards=guards,
        )

    def _make_route53(self, locks: Any, endpoints: EndpointNames) -> Route53:
        config, names = self._config, self._names
        return Route53(
            config.target.account_id,
            locks,
            addresses={names.distribution_host(region): (ip,) for region, ip in config.edges.items()},
            endpoints={names.balancer_host(region): address for region, address in config.checkers.items()},
            ttl_s=config.settings.ttl_s,
            endpoints_of_aws=endpoints.zones,
        )

    def _make_cloudfront(self, locks: Any, supervisor: LabControl | None) -> CloudFront:
        target = self._config.target
        doors = {self._names.distribution_id(region): f"clients>edge-{region}" for region in target.regions}
        return CloudFront(target.account_id, locks, doors, supervisor)

    def start(self) -> None:
        """Make the account's resources, listen everywhere, begin to check and to measure."""
        config = self._config
        api = Server(config.bind, config.port, self._gateway)
        admin_application = Admin(config.token, config.target.regions, self.darkness, self.status)
        admin = Server(config.bind, config.internal_port, admin_application)
        names = NameServer(config.dns, self.route53.ask, config.settings.ttl_s)
        seed(config, self._names, self.route53)
        warm_up = threading.Thread(target=self._gateway.warm_up, args=(_WARM_UP,), name="warm-up", daemon=True)
        warm_up.start()  # what the first calls import takes longer than all the rest: nobody should wait for it
        for part in (self.route53.patrol, self.relational, names, api, admin):
            part.start()
            self._stack.callback(_stopper(part))
        self._stack.callback(self.darkness.stop)

    def stop(self) -> None:
        """End in the reverse order of the beginning."""
        self._stack.close()

    def status(self) -> dict[str, Any]:
        """How things are, for the supervisor."""
        checks = self.route53.health_checks()
        return {
            "dark": sorted(self.darkness.regions),
            "hanging": self.darkness.hanging,
            **self.relational.status(),
            "health_checks": {check.id: self.route53.patrol.is_healthy(check.id) for check in checks},
        }


def _stopper(part: Any) -> Callable[[], None]:
    stop: Callable[[], None] = part.stop
    return stop
