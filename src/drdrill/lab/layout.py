"""Which address everything in a lab has: one table that all configurations are made from."""

from __future__ import annotations

from dataclasses import dataclass

from drdrill.lab.link import Link
from drdrill.lab.settings import LabSettings
from drdrill.lab.zones import Zones
from drdrill.model.estate import Address
from drdrill.model.target import Target

GLOBAL = 1
FAR_WRITER = 5
"""From a region's host to the host that stands in it for the other region's database."""
CLIENTS = "clients"
EVERYWHERE = "global"


def snapshot_link(copier: str, source: str) -> str:
    """The name of the link by which one region copies the snapshots of another."""
    return f"{copier}>{source}:snapshots"


def replication_link(standby: str, primary: str) -> str:
    """The name of the link by which the standby of one region reads the log of the primary in another."""
    return f"{standby}>{primary}:replication"


def writer_endpoint_link(asker: str, writer: str) -> str:
    """The name of the link by which a region reaches the other one's database when the writer endpoint leads there."""
    return f"{asker}>{writer}:writer-endpoint"


def writes_link(reader: str, writer: str) -> str:
    """The name of the link by which a region forwards its writes to the database of another."""
    return f"{reader}>{writer}:writes"


def second_zone(region: str) -> str:
    """The availability zone of a second server of a region's cluster."""
    return f"{region}b"


@dataclass(frozen=True)
class Layout:
    """Addresses inside one subnet. Region hosts end in .10 and .20, front doors in .101 and .102."""

    prefix: str
    target: Target
    settings: LabSettings

    def _at(self, number: int, port: int) -> Address:
        return Address(host=f"{self.prefix}.{number}", port=port)

    def region_number(self, region: str) -> int:
        """The last part of the address of a region's host."""
        return 10 * (1 + self.target.regions.index(region))

    @property
    def zones(self) -> Zones | None:
        """The availability zones of the primary region, in a lab whose strategy has them."""
        return Zones(self) if self.settings.strategy.data == "multi-az" else None

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
        number = GLOBAL if region == EVERYWHERE else self.region_number(region)
        return self._at(number, self.settings.ports.api)

    def front_door(self, region: str) -> Address:
        """What Route 53 answers for the region: the relay to its edge distribution."""
        return self._at(101 + self.target.regions.index(region), self.target.front_door.port)

    def edge(self, region: str) -> Address:
        """The edge distribution itself."""
        return self._at(111 + self.target.regions.index(region), self.settings.ports.edge)

    def edge_origin(self, region: str) -> Address:
        """The relay by which an edge reaches the load balancer."""
        return self._at(self.region_number(region), self.settings.ports.edge_origin)

    def checkers(self, region: str) -> Address:
        """The relay by which Route 53's health checkers reach the load balancer."""
        return self._at(self.region_number(region), self.settings.ports.checkers)

    def operators(self, region: str) -> Address:
        """The relay by which an operator reaches the load balancer."""
        return self._at(self.region_number(region), self.settings.ports.operators)

    def balancer(self, region: str) -> Address:
        """The load balancer itself."""
        return self._at(self.region_number(region), self.settings.ports.balancer)

    def workers(self, region: str) -> list[Address]:
        """The bank's workers."""
        first = self.settings.ports.workers
        return [self._at(self.region_number(region), first + n) for n in range(self.settings.workers_per_region)]

    def postgres(self, region: str) -> Address:
        """PostgreSQL itself."""
        return self._at(self.region_number(region), self.settings.ports.postgres)

    def ledger(self, region: str) -> Address:
        """The relay by which an operator reads the books."""
        return self._at(self.region_number(region), self.settings.ports.ledger)

    def rescue(self, region: str) -> Address:
        """A PostgreSQL that was restored from a snapshot."""
        return self._at(self.region_number(region), self.settings.ports.rescue)

    def rescue_relay(self, region: str) -> Address:
        """The relay by which an operator reads what was restored."""
        return self._at(self.region_number(region), self.settings.ports.rescue_relay)

    def second(self, region: str) -> Address:
        """A second PostgreSQL of the region's cluster, in another zone."""
        return self._at(self.region_number(region), self.settings.ports.second)

    def second_relay(self, region: str) -> Address:
        """The relay by which an operator reads it."""
        return self._at(self.region_number(region), self.settings.ports.second_relay)

    def _second_link(self, region: str) -> Link:
        return _link(f"operators>second-{region}", self.second_relay(region), self.second(region), "operators", region)

    def replication(self, standby: str) -> Address:
        """The relay, in the standby's region, by which it reaches the other region's PostgreSQL."""
        return self._at(self.region_number(standby), self.settings.ports.replication)

    def shelf(self, region: str) -> Address:
        """Where the snapshots of a region are kept."""
        return self._at(self.region_number(region), self.settings.ports.shelf)

    def shelf_relay(self, copier: str) -> Address:
        """The relay, in the copying region, by which it reaches the other region's snapshots."""
        return self._at(self.region_number(copier), self.settings.ports.shelf_relay)

    def scheduler_api(self, region: str, place: str) -> Address:
        """The relay by which a region's functions reach the AWS API of a region, or of ``global``."""
        offset = (*self.target.regions, EVERYWHERE).index(place)
        return self._at(self.region_number(region), self.settings.ports.scheduler_api + offset)

    def scheduler_door(self, region: str) -> Address:
        """The relay by which a region's functions reach the other region's load balancer."""
        return self._at(self.region_number(region), self.settings.ports.scheduler_door)

    def _snapshot_links(self) -> list[Link]:
        """What the strategy snapshot-copy adds: the copies' way, and the ways of the functions that run in each region."""
        links = []
        for here, other in (self.target.regions, reversed(self.target.regions)):
            links.append(_link(snapshot_link(here, other), self.shelf_relay(here), self.shelf(other), here, other))
            links.append(_link(f"{here}>{other}:door", self.scheduler_door(here), self.balancer(other), here, other))
            for place in (here, other, EVERYWHERE):
                links.append(_link(f"{here}>api-{place}", self.scheduler_api(here, place), self.gateway(), here, place))
        return links

    def writes(self, region: str) -> Address:
        """The relay, in a region, by which its bank forwards writes to the database of the other region."""
        return self._at(self.region_number(region), self.settings.ports.writes)

    def far_writer(self, region: str) -> Address:
        """The relay, in a region, by which the writer endpoint leads to the other region's database: the port stays the same."""
        return self._at(self.region_number(region) + FAR_WRITER, self.settings.ports.postgres)

    @property
    def both_serve(self) -> bool:
        """Whether customers are served in both regions: each reads at home, and forwards what it must write."""
        return self.settings.strategy.application == "active-active"

    def links(self) -> list[Link]:
        """Every relay of the lab."""
        links = [_link("operators>api-global", self.api(EVERYWHERE), self.gateway(), "operators", EVERYWHERE)]
        for region in self.target.regions:
            links += self._region_links(region)
        if self.zones is not None:
            without = f"operators>ledger-{self.target.primary_region}"
            return [*(link for link in links if link.name != without), *self.zones.links()]
        primary, recovery = self.target.regions
        for standby, other in ((recovery, primary), (primary, recovery)):
            name = replication_link(standby, other)
            links.append(_link(name, self.replication(standby), self.postgres(other), standby, other))
            if self.both_serve:
                links.append(
                    _link(writes_link(standby, other), self.writes(standby), self.postgres(other), standby, other)
                )
                links.append(self._second_link(standby))
            if self.settings.strategy.writer_endpoint is not None:
                far = self.far_writer(standby)
                links.append(_link(writer_endpoint_link(standby, other), far, self.postgres(other), standby, other))
        if self.settings.strategy.data == "snapshot-copy":
            links += self._snapshot_links()
        return links

    def _region_links(self, region: str) -> list[Link]:
        return [
            _link(f"{CLIENTS}>edge-{region}", self.front_door(region), self.edge(region), CLIENTS, EVERYWHERE),
            _link(f"edge-{region}>{region}", self.edge_origin(region), self.balancer(region), EVERYWHERE, region),
            _link(f"checkers>{region}", self.checkers(region), self.balancer(region), EVERYWHERE, region),
            _link(f"operators>{region}", self.operators(region), self.balancer(region), "operators", region),
            _link(f"operators>api-{region}", self.api(region), self.gateway(), "operators", region),
            _link(f"operators>ledger-{region}", self.ledger(region), self.postgres(region), "operators", region),
            _link(f"operators>rescue-{region}", self.rescue_relay(region), self.rescue(region), "operators", region),
        ]

    def every_port(self) -> list[tuple[int, int]]:
        """(last part of the address, port) of everything that will listen, except the control server."""
        places = [self.network(), self.gateway(), self.gateway_internal(), self.dns()]
        for region in self.target.regions:
            places += [self.edge(region), self.balancer(region), self.postgres(region), *self.workers(region)]
            places += [self.rescue(region), self.second(region)]
        if self.zones is not None:
            places += [self.zones.database(zone) for zone in self.zones.databases]
            places += [worker for zone in self.zones.banks for worker in self.zones.workers(zone)]
        listens = [link.listen.rsplit(":", 1) for link in self.links()]
        places += [Address(host=host, port=int(port)) for host, port in listens]
        return [(int(place.host.rsplit(".", 1)[1]), place.port) for place in places]


def _link(name: str, listen: Address, upstream: Address, from_place: str, to_place: str) -> Link:
    return Link(name=name, listen=str(listen), upstream=str(upstream), from_place=from_place, to_place=to_place)
