"""What the programs of a Multi-AZ lab are told beyond the others: several hosts, and endpoints that move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drdrill.lab.passwords import ADMIN, APPLICATION, AUDITOR, DATABASE, Passwords
from drdrill.lab.zones import Zones
from drdrill.model.estate import Address

_PRIMARY_ONLY = "target_session_attrs=primary"
_WRITER_ONLY = "target_session_attrs=read-write"
"""Who still knows the old address after a failover must not settle there: RDS's standby takes no connections, the lab's does."""


@dataclass(frozen=True)
class ZonePrograms:
    """The parts of the configurations that have to do with availability zones."""

    zones: Zones
    passwords: Passwords

    def administrator(self) -> str:
        """How the lab itself reaches the database that is the primary now: past the relays, whichever zone it is in."""
        places = [self.zones.database(zone) for zone in self.zones.deployment.zones]
        return f"{self._of_many(places, ADMIN)} {_PRIMARY_ONLY}"

    def ledger(self) -> str:
        """How an auditor reads the books of the primary, through the relays; a zone that is cut off costs the time-out."""
        places = [self.zones.ledger(zone) for zone in self.zones.deployment.zones]
        return f"{self._of_many(places, AUDITOR)} {_PRIMARY_ONLY}"

    def places(self) -> dict[str, str]:
        """How RDS itself reaches each database of the deployment: through relays that are cut with the zone."""
        every = (*self.zones.databases, self.zones.layout.target.recovery_region)
        return {place: self._of_many([self.zones.watch(place)], ADMIN) for place in every}

    def targets(self) -> list[str]:
        """Where the load balancer sends requests: a relay for each worker."""
        workers = [worker for zone in self.zones.banks for worker in self.zones.workers(zone)]
        return [str(self.zones.worker_door(worker)) for worker in workers]

    def banks(self) -> dict[str, dict[str, Any]]:
        """For each zone with workers, what the bank there is told: the endpoints by name, and who resolves them."""
        return {
            zone: {
                "listen": [str(worker) for worker in self.zones.workers(zone)],
                "dsn": f"{self._by_name(zone, self.zones.instance_host())} {_WRITER_ONLY}",
                "reader": self._by_name(zone, self.zones.reader_host()),
                "dns": str(self.zones.layout.dns()),
            }
            for zone in self.zones.banks
        }

    def _by_name(self, zone: str, host: str) -> str:
        return self._string([host], [str(self.zones.door_port(zone))], APPLICATION)

    def _of_many(self, places: list[Address], role: str) -> str:
        return self._string([place.host for place in places], [str(place.port) for place in places], role)

    def _string(self, hosts: list[str], ports: list[str], role: str) -> str:
        credentials = f"user={role} password={self.passwords[role]}"
        return f"host={','.join(hosts)} port={','.join(ports)} dbname={DATABASE} {credentials} connect_timeout=5"
