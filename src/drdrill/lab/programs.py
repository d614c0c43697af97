"""The configuration of every program of a lab: one table from the layout to the documents that the programs read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drdrill.lab.layout import EVERYWHERE, Layout, replication_link
from drdrill.lab.link import Flow
from drdrill.lab.passwords import ADMIN, APPLICATION, AUDITOR, Passwords, connection_string
from drdrill.model.estate import Address, Estate


@dataclass(frozen=True)
class Programs:
    """Everything that is needed to tell a program of the lab what to be."""

    layout: Layout
    passwords: Passwords
    token: str
    logs: Path

    def dsn(self, place: Address, role: str) -> str:
        """How ``role`` reaches the bank's database at this address."""
        return connection_string(place, role, self.passwords[role])

    def administrator(self, region: str) -> str:
        """How the lab itself reaches the database of a region: as superuser, and past the relays."""
        return self.dsn(self.layout.postgres(region), ADMIN)

    def network(self) -> dict[str, Any]:
        """The relays. The log is delayed on its way from the primary to the standby, if the settings say so."""
        target, settings = self.layout.target, self.layout.settings
        both = (target.primary_region, target.recovery_region)
        delayed = {replication_link(*both), replication_link(*reversed(both))}
        wait = Flow(delay_s=settings.replication_delay_s)
        links = [
            link.model_copy(update={"backward": wait}) if link.name in delayed else link for link in self.layout.links()
        ]
        return {
            "control": self.layout.network().model_dump(),
            "token": self.token,
            "links": [link.model_dump(mode="json", by_alias=True) for link in links],
        }

    def gateway(self) -> dict[str, Any]:
        """The AWS API, Route 53's name server and its health checkers."""
        layout, target = self.layout, self.layout.target
        return {
            "bind": layout.gateway().host,
            "port": layout.gateway().port,
            "internal_port": layout.gateway_internal().port,
            "token": self.token,
            "log": str(self.logs / "api-calls.jsonl"),
            "dns": layout.dns().model_dump(),
            "target": target.model_dump(mode="json"),
            "settings": layout.settings.model_dump(mode="json"),
            "balancers": {region: str(layout.balancer(region)) for region in target.regions},
            "endpoints": {region: str(layout.ledger(region)) for region in target.regions},
            "checkers": {region: str(layout.checkers(region)) for region in target.regions},
            "edges": {region: layout.front_door(region).host for region in target.regions},
            "databases": {region: self.administrator(region) for region in target.regions},
            "control": layout.control().model_dump(),
        }

    def edge(self) -> dict[str, Any]:
        """One distribution for each region."""
        layout, target = self.layout, self.layout.target
        return {
            "distributions": [
                {
                    "name": target.distributions[region],
                    "listen": str(layout.edge(region)),
                    "origin": str(layout.edge_origin(region)),
                }
                for region in target.regions
            ]
        }

    def balancer(self, region: str) -> dict[str, Any]:
        """The load balancer of a region."""
        return {
            "region": region,
            "listen": str(self.layout.balancer(region)),
            "targets": [str(worker) for worker in self.layout.workers(region)],
            "interval_s": 0.5,
            "healthy": 2,
            "unhealthy": 2,
        }

    def bank(self, region: str) -> dict[str, Any]:
        """The bank's workers in a region; they reach their own region's database without a relay."""
        return {
            "region": region,
            "release": self.layout.target.release,
            "listen": [str(worker) for worker in self.layout.workers(region)],
            "dsn": self.dsn(self.layout.postgres(region), APPLICATION),
            "defect": self.layout.settings.defect,
        }

    def estate(self, lab_dir: str) -> Estate:
        """The lab as a drill sees it: every address is that of a relay, but the name server's."""
        layout, regions = self.layout, self.layout.target.regions
        return Estate(
            target=layout.target,
            aws_endpoints={place: f"http://{layout.api(place)}" for place in (*regions, EVERYWHERE)},
            dns=layout.dns(),
            ledgers={region: self.dsn(layout.ledger(region), AUDITOR) for region in regions},
            front_doors={region: layout.operators(region) for region in regions},
            lab_dir=lab_dir,
        )
