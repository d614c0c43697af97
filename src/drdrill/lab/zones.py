"""The availability zones of an RDS Multi-AZ deployment: which address everything in them has, and which links join them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drdrill.errors import EstateError
from drdrill.lab.endpoint import endpoint_host
from drdrill.lab.link import Link
from drdrill.model.estate import Address
from drdrill.model.target import MultiAz, Target

if TYPE_CHECKING:
    from drdrill.lab.layout import Layout

CONTROL_PLANE = "rds"


def region_of_zone(zone: str) -> str:
    """``ap-south-1a`` lies in ``ap-south-1``."""
    return zone[:-1]


def is_in(place: str, region: str) -> bool:
    """Whether a place is the region, or one of its zones."""
    return place == region or (place[:-1] == region and place[-1:].isalpha())


def way_to(place: str) -> str:
    """The name of the link by which RDS itself reaches the database in a place."""
    return f"{CONTROL_PLANE}>{place}:database"


def multi_az_of(target: Target) -> MultiAz:
    """What the target says of its Multi-AZ deployment. Raises ``EstateError`` when it says nothing."""
    if target.multi_az is None:
        raise EstateError(f"the lab was not opened: the target {target.name} has no section [multi_az]")
    return target.multi_az


@dataclass(frozen=True)
class Zones:
    """Addresses inside the primary region's zones: hosts .11, .12 and .13, each with its own database.

    The bank's workers are in the first two. A worker reaches a database by the relay that stands for its own zone: the name
    of the endpoint says which host, the worker's zone says which port.
    """

    layout: Layout

    @property
    def deployment(self) -> MultiAz:
        """What the target says."""
        return multi_az_of(self.layout.target)

    @property
    def databases(self) -> tuple[str, ...]:
        """Every zone with a database: the instance's two, and the read replica's."""
        return (*self.deployment.zones, self.deployment.reader_zone)

    @property
    def banks(self) -> tuple[str, ...]:
        """The zones with workers."""
        return self.deployment.zones

    def _at(self, zone: str, port: int) -> Address:
        number = self.layout.region_number(region_of_zone(zone)) + 1 + self.databases.index(zone)
        return Address(host=f"{self.layout.prefix}.{number}", port=port)

    def database(self, place: str) -> Address:
        """PostgreSQL itself, in a zone or in the recovery region."""
        ports = self.layout.settings.ports
        return self._at(place, ports.postgres) if place in self.databases else self.layout.postgres(place)

    def ledger(self, zone: str) -> Address:
        """The relay by which an operator reads the books in a zone."""
        return self._at(zone, self.layout.settings.ports.ledger)

    def watch(self, place: str) -> Address:
        """The relay by which RDS itself reaches a database: what is cut off is out of its reach too."""
        port = self.layout.settings.ports.zone_watch
        if place in self.databases:
            return self._at(place, port)
        return Address(host=self.layout.postgres(place).host, port=port)

    def door_port(self, worker_zone: str) -> int:
        """The port by which the workers of a zone reach a database, whichever zone that is in."""
        return self.layout.settings.ports.zone_door + self.banks.index(worker_zone)

    def replication(self, follower: str, upstream: str) -> Address:
        """The relay, at the follower, by which it reads the log of the database in a zone."""
        port = self.layout.settings.ports.replication + self.deployment.zones.index(upstream)
        return Address(host=self.database(follower).host, port=port)

    def workers(self, zone: str) -> list[Address]:
        """The bank's workers in a zone: the region's, dealt out in turn."""
        mine = range(self.banks.index(zone), self.layout.settings.workers_per_region, len(self.banks))
        return [self._at(zone, self.layout.settings.ports.workers + number) for number in mine]

    def worker_door(self, worker: Address) -> Address:
        """The relay by which the region's load balancer reaches a worker."""
        ports = self.layout.settings.ports
        return Address(host=worker.host, port=ports.zone_workers + worker.port - ports.workers)

    def instance_host(self) -> str:
        """The name of the instance's endpoint."""
        target = self.layout.target
        return endpoint_host(self.deployment.instance, target.primary_region, target.account_id)

    def reader_host(self) -> str:
        """The name of the endpoint of the read replica beside it."""
        target = self.layout.target
        return endpoint_host(self.deployment.reader, target.primary_region, target.account_id)

    def followers(self) -> list[tuple[str, str]]:
        """(follower, zone that it may follow): the instance's two each other, the replicas either of them."""
        first, second = self.deployment.zones
        replicas = (self.deployment.reader_zone, self.layout.target.recovery_region)
        return [
            (second, first),
            (first, second),
            *((replica, zone) for replica in replicas for zone in (first, second)),
        ]

    def links(self) -> list[Link]:
        """Every relay that leads into a zone, out of one, or inside one."""
        return [
            *self._database_links(),
            *(
                _link(
                    f"{follower}>{upstream}:replication", self.replication(follower, upstream), self.database(upstream)
                )
                for follower, upstream in self.followers()
            ),
            *(
                _link(f"balancer>{zone}:worker-{number}", self.worker_door(worker), worker, self._region())
                for zone in self.banks
                for number, worker in enumerate(self.workers(zone))
            ),
        ]

    def _database_links(self) -> list[Link]:
        links = []
        for zone in self.databases:
            links.append(_link(f"operators>ledger-{zone}", self.ledger(zone), self.database(zone)))
            links.append(_link(way_to(zone), self.watch(zone), self.database(zone)))
            for bank in self.banks:
                door = self._at(zone, self.door_port(bank))
                links.append(_link(f"{bank}>{zone}:database", door, self.database(zone)))
        recovery = self.layout.target.recovery_region
        links.append(_link(way_to(recovery), self.watch(recovery), self.database(recovery)))
        return links

    def _region(self) -> str:
        return self.layout.target.primary_region


def _link(name: str, listen: Address, upstream: Address, from_place: str | None = None) -> Link:
    """A link whose name says its two places: ``from>to:what``, or ``operators>ledger-to``."""
    named_from, rest = name.split(">", 1)
    to_place = rest.removeprefix("ledger-").split(":")[0]
    return Link(
        name=name, listen=str(listen), upstream=str(upstream), from_place=from_place or named_from, to_place=to_place
    )
