"""Names of databases that AWS itself answers for: an endpoint's name stays, its address moves."""

from __future__ import annotations

import threading

from drdrill.lab.gateway.records import Record, Zone

AWS_ZONE = "rds.amazonaws.com"


class EndpointNames:
    """The addresses of endpoints, as the name server tells them. Thread-safe."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()

    def point(self, name: str, address: str, ttl_s: int) -> None:
        """Answer a name with this address from now on; who has asked before may remember the old one for its TTL."""
        with self._lock:
            self._records[name] = Record(name=name, type="A", ttl_s=ttl_s, values=(address,))

    def zones(self) -> tuple[Zone, ...]:
        """The zone that holds them; none while there is no endpoint."""
        with self._lock:
            records = tuple(self._records.values())
        return (Zone("AWS", AWS_ZONE, records),) if records else ()
