"""Which address everything in a lab has: one table that all configurations are made from."""

from __future__ import annotations

from dataclasses import dataclass

from drdrill.lab.link import Link
from drdrill.lab.settings import LabSettings
from drdrill.model.estate import Address
from drdrill.model.target import Target

GLOBAL = 1
CLIENTS = "clients"
EVERYWHERE = "global"


def replication_link(standby: str, primary: str) -> str:
    """The name of the link by which the standby of one region reads the log of the primary in another."""
    return f"{standby}>{primary}:replication"


@dataclass(frozen=True)
class Layout:
    """Addresses inside one subnet. Region hosts end in .10 and .20, front doors in .101 and .102."""

    prefix: str
    target: Target
    settings: LabSettings

    def _at(self, number: int, port: int) -> Address:
        return Address(host=f"{self.prefix}.{number}", port=port)

    def _number(self, region: str) -> int:
        return 10 * (1 + self.target.regions.index(region))

    def control(self) -> Address:
        """The supervisor's control server."""
        return self._at(GLOBAL, self.settings.ports.control)

    def network(self) -> Address:
        """The relays' control server."""
        return self._at(GLOBAL, self.settings.ports.network)

    def gateway(self) -> Address:
        """The AWS API itself; people use the relays before it."""
        return self._at(GLOBAL, self.settings.ports.gateway)

    def gateway_internal(self) -> Address:
        """Where the supervisor speaks to the gateway."""
        return self._at(GLOBAL, self.settings.ports.gateway_internal)

    def dns(self) -> Address:
        """The lab's Route 53 as a name server."""
        return self._at(GLOBAL, self.settings.ports.dns)

    def api(self, region: str) -> Address:
        """The relay to the AWS API, of a region or of ``global``."""
        number = GLOBAL if region == EVERYWHERE else self._number(region)
        return self._at(number, self.settings.ports.api)

    def front_door(self, region: str) -> Address:
        """What Route 53 answers for the region: the relay to its edge distribution."""
        return self._at(101 + self.target.regions.index(region), self.target.front_door.port)

    def edge(self, region: str) -> Address:
        """The edge distribution itself."""
        return self._at(111 + self.target.regions.index(region), self.settings.ports.edge)

    def edge_origin(self, region: str) -> Address:
        """The relay by which an edge reaches the load balancer."""
        return self._at(self._number(region), self.settings.ports.edge_origin)

    def checkers(self, region: str) -> Address:
        """The relay by which Route 53's health checkers reach the load balancer."""
        return self._at(self._number(region), self.settings.ports.checkers)

    def operators(self, region: str) -> Address:
        """The relay by which an operator reaches the load balancer."""
        return self._at(self._number(region), self.settings.ports.operators)

    def balancer(self, region: str) -> Address:
        """The load balancer itself."""
        return self._at(self._number(region), self.settings.ports.balancer)

    def workers(self, region: str) -> list[Address]:
        """The bank's workers."""
        first = self.settings.ports.workers
        return [self._at(self._number(region), first + n) for n in range(self.settings.workers_per_region)]

    def postgres(self, region: str) -> Address:
        """PostgreSQL itself."""
        return self._at(self._number(region), self.settings.ports.postgres)

    def ledger(self, region: str) -> Address:
        """The relay by which an operator reads the books."""
        return self._at(self._number(region), self.settings.ports.ledger)

    def replication(self, standby: str) -> Address:
        """The relay, in the standby's region, by which it reaches the other region's PostgreSQL."""
        return self._at(self._number(standby), self.settings.ports.replication)

    def links(self) -> list[Link]:
        """Every relay of the lab."""
        links = [_link("operators>api-global", self.api(EVERYWHERE), self.gateway(), "operators", EVERYWHERE)]
        for region in self.target.regions:
            links += self._region_links(region)
        primary, recovery = self.target.regions
        for standby, other in ((recovery, primary), (primary, recovery)):
            name = replication_link(standby, other)
            links.append(_link(name, self.replication(standby), self.postgres(other), standby, other))
        return links

    def _region_links(self, region: str) -> list[Link]:
        return [
            _link(f"{CLIENTS}>edge-{region}", self.front_door(region), self.edge(region), CLIENTS, EVERYWHERE),
            _link(f"edge-{region}>{region}", self.edge_origin(region), self.balancer(region), EVERYWHERE, region),
            _link(f"checkers>{region}", self.checkers(region), self.balancer(region), EVERYWHERE, region),
            _link(f"operators>{region}", self.operators(region), self.balancer(region), "operators", region),
            _link(f"operators>api-{region}", self.api(region), self.gateway(), "operators", region),
            _link(f"operators>ledger-{region}", self.ledger(region), self.postgres(region), "operators", region),
        ]

    def every_port(self) -> list[tuple[int, int]]:
        """(last part of the address, port) of everything that will listen, except the control server."""
        places = [self.network(), self.gateway(), self.gateway_internal(), self.dns()]
        for region in self.target.regions:
            places += [self.edge(region), self.balancer(region), self.postgres(region), *self.workers(region)]
        listens = [link.listen.rsplit(":", 1) for link in self.links()]
        places += [Address(host=host, port=int(port)) for host, port in listens]
        return [(int(place.host.rsplit(".", 1)[1]), place.port) for place in places]


def _link(name: str, listen: Address, upstream: Address, from_place: str, to_place: str) -> Link:
    return Link(name=name, listen=str(listen), upstream=str(upstream), from_place=from_place, to_place=to_place)
