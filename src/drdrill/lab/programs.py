"""The configuration of every program of a lab: one table from the layout to the documents that the programs read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drdrill.lab.endpoint import global_endpoint_host
from drdrill.lab.layout import EVERYWHERE, Layout, replication_link
from drdrill.lab.link import Flow
from drdrill.lab.passwords import ADMIN, APPLICATION, AUDITOR, DATABASE, OPERATOR, Passwords, connection_string
from drdrill.lab.zone_programs import ZonePrograms
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
        if self.zones is not None and region == self.layout.target.primary_region:
            return self.zones.administrator()
        return self.dsn(self.layout.postgres(region), ADMIN)

    @property
    def zones(self) -> ZonePrograms | None:
        """What differs in a lab whose primary region has availability zones."""
        return None if self.layout.zones is None else ZonePrograms(self.layout.zones, self.passwords)

    def network(self) -> dict[str, Any]:
        """The relays. The log is delayed on its way from the primary to the standby, if the settings say so."""
        late = {name: Flow(delay_s=wait_s) for name, wait_s in self._delays().items()}
        links = [
            link.model_copy(update={"backward": late[link.name]}) if link.name in late else link
            for link in self.layout.links()
        ]
        return {
            "control": self.layout.network().model_dump(),
            "token": self.token,
            "links": [link.model_dump(mode="json", by_alias=True) for link in links],
        }

    def _delays(self) -> dict[str, float]:
        target, settings = self.layout.target, self.layout.settings
        if self.layout.zones is None:
            both, wait_s = (target.primary_region, target.recovery_region), settings.replication_delay_s
        else:
            both, wait_s = self.layout.zones.deployment.zones, settings.asynchronous_standby_s or 0.0
        return dict.fromkeys((replication_link(*both), replication_link(*reversed(both))), wait_s)

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
            "writers": self._writers(),
            "rescues": {region: str(layout.rescue_relay(region)) for region in target.regions},
            "seconds": {region: str(layout.second_relay(region)) for region in target.regions if layout.both_serve},
            "checkers": {region: str(layout.checkers(region)) for region in target.regions},
            "edges": {region: layout.front_door(region).host for region in target.regions},
            "databases": {region: self.administrator(region) for region in target.regions},
            "places": self.zones.places() if self.zones else {},
            "control": layout.control().model_dump(),
            "shelves": {region: layout.shelf(region).model_dump() for region in target.regions},
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
            "targets": self._targets(region),
            "interval_s": 0.5,
            "healthy": 2,
            "unhealthy": 2,
        }

    def _targets(self, region: str) -> list[str]:
        if self.zones is not None and region == self.layout.target.primary_region:
            return self.zones.targets()
        return [str(worker) for worker in self.layout.workers(region)]

    def banks(self, region: str) -> dict[str, dict[str, Any]]:
        """The bank's programs in a region, by name: one, or one for each availability zone with workers."""
        bank = self.bank(region)
        if self.zones is not None and region == self.layout.target.primary_region:
            return {f"bank-{zone}": {**bank, **own} for zone, own in self.zones.banks().items()}
        return {f"bank-{region}": bank}

    def bank(self, region: str) -> dict[str, Any]:
        """The bank's workers in a region; they reach their own region's database without a relay.

        Where both regions serve, they read at home, and write wherever a database takes writes: at home first, then abroad.
        """
        if self.layout.both_serve:
            return {**self._bank_at_home(region), **self._forwarding(region)}
        endpoint = self.layout.settings.strategy.writer_endpoint
        if endpoint is not None:
            return {**self._bank_at_home(region), **self._by_endpoint(region), "remember_s": endpoint.client_cache_s}
        return self._bank_at_home(region)

    def _by_endpoint(self, region: str) -> dict[str, Any]:
        """Read at home; write wherever the writer endpoint leads, but never at a server that takes no writes."""
        target, home = self.layout.target, self.layout.postgres(region)
        name = global_endpoint_host(target.aurora.global_cluster, region, target.account_id)
        who = f"user={APPLICATION} password={self.passwords[APPLICATION]} dbname={DATABASE}"
        dsn = f"host={name} port={home.port} {who} target_session_attrs=read-write"
        return {"dsn": dsn, "reader": self.dsn(home, APPLICATION), "dns": str(self.layout.dns())}

    def _writers(self) -> dict[str, dict[str, str]]:
        """For each region that asks, the address to which the writer endpoint leads while a region writes."""
        first, second = self.layout.target.regions
        return {
            here: {here: self.layout.postgres(here).host, other: self.layout.far_writer(here).host}
            for here, other in ((first, second), (second, first))
        }

    def _forwarding(self, region: str) -> dict[str, Any]:
        home, abroad = self.layout.postgres(region), self.layout.writes(region)
        where = f"host={home.host},{abroad.host} port={home.port},{abroad.port}"
        who = f"user={APPLICATION} password={self.passwords[APPLICATION]} dbname={DATABASE}"
        return {"dsn": f"{where} {who} target_session_attrs=read-write", "reader": self.dsn(home, APPLICATION)}

    def _bank_at_home(self, region: str) -> dict[str, Any]:
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
            strategy=layout.settings.strategy,
            aws_endpoints={place: f"http://{layout.api(place)}" for place in (*regions, EVERYWHERE)},
            dns=layout.dns(),
            ledgers={region: self._ledger(region) for region in regions},
            front_doors={region: layout.operators(region) for region in regions},
            operators={region: self.dsn(layout.ledger(region), OPERATOR) for region in regions},
            lab_dir=lab_dir,
        )

    def _ledger(self, region: str) -> str:
        if self.zones is not None and region == self.layout.target.primary_region:
            return self.zones.ledger()
        return self.dsn(self.layout.ledger(region), AUDITOR)
