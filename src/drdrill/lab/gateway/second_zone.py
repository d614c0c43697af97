"""A second DB instance of an Aurora cluster, in another availability zone: made and removed by the AWS API."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from drdrill.errors import EstateError
from drdrill.lab.gateway.aurora import ENGINE, Cluster
from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.layout import second_zone
from drdrill.lab.postgres.database import Connection, ask

Document = dict[str, Any]
ANSWER_S = 1.0
_IN_STEP = """
SELECT sync_state = 'sync' OR pg_is_in_recovery() FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'
"""
"""A reader's own server waits for nobody: there the second one need only follow."""


class Machines(Protocol):
    """The lab's supervisor, as far as second servers go (``LabControl`` is one)."""

    def make_second_database(self, region: str) -> None:
        """Make it, and let every commit wait for it."""

    def remove_second_database(self, region: str) -> None:
        """Let nobody wait for it, and end it."""


@dataclass
class Second:
    """One second instance. ``making`` is how far it is."""

    identifier: str
    cluster: Cluster
    making: Literal["creating", "made", "failed"] = "creating"
    problem: str = ""


class SecondInstances:
    """At most one second instance in each cluster of the global database; ``endpoints`` is where operators reach it."""

    def __init__(self, machines: Machines | None, endpoints: Mapping[str, str]) -> None:
        self._machines = machines
        self._endpoints = endpoints
        self._by_region: dict[str, Second] = {}
        self._lock = threading.Lock()

    @property
    def problems(self) -> list[str]:
        """Why one could not be made."""
        return [f"{s.identifier} was not made: {s.problem}" for s in self._by_region.values() if s.problem]

    def of(self, cluster: Cluster) -> Second | None:
        """The second instance of a cluster."""
        return self._by_region.get(cluster.region)

    def is_in_step(self, cluster: Cluster) -> bool:
        """Whether the cluster has a second instance that holds whatever the first commits."""
        return self.status(cluster) == "available"

    def create(self, call: Call, cluster: Cluster) -> Document:
        """Begin to make it; it is creating, then available or failed."""
        identifier, zone = call.parameters["DBInstanceIdentifier"], second_zone(cluster.region)
        if self._machines is None or cluster.region not in self._endpoints:
            raise NotInLab(
                "a second instance of this cluster", "the strategy aurora-global, active-active has room for one"
            )
        if call.parameters.get("AvailabilityZone") not in (None, zone):
            raise NotInLab("an instance in that zone", f"the lab's second one of {cluster.region} is {zone}")
        with self._lock:
            taken = self._by_region.get(cluster.region)
            if identifier == cluster.instance or (taken is not None and taken.identifier == identifier):
                raise AwsFault("DBInstanceAlreadyExists", f"DB instance {identifier} already exists")
            if taken is not None:
                raise AwsFault("InstanceQuotaExceeded", f"the lab has room for two instances in {cluster.identifier}")
            second = self._by_region[cluster.region] = Second(identifier, cluster)
        threading.Thread(
            target=self._make, args=(second, self._machines), name=f"making-{identifier}", daemon=True
        ).start()
        return {"DBInstance": self.document(cluster)}

    def delete(self, call: Call) -> Document | None:
        """Remove the one of this name in the region of the call; None when there is none of this name."""
        second = self._by_region.get(call.region)
        if second is None or second.identifier != call.parameters.get("DBInstanceIdentifier") or self._machines is None:
            return None
        if second.making == "creating":
            raise AwsFault("InvalidDBInstanceState", f"Instance {second.identifier} is currently creating")
        document = self.document(second.cluster)
        if second.making == "made" and second.cluster.database.observe() is not None:
            self._machines.remove_second_database(call.region)
        del self._by_region[call.region]
        return {"DBInstance": {**document, "DBInstanceStatus": "deleting"}}

    def status(self, cluster: Cluster) -> str:
        """The status that AWS would show; empty when there is no second instance."""
        second = self._by_region.get(cluster.region)
        if second is None:
            return ""
        if second.making != "made":
            return second.making
        return "available" if _seen(lambda: _in_step(cluster)) else "failed"

    def document(self, cluster: Cluster) -> Document:
        """The second instance of a cluster that has one, as DescribeDBInstances shows it."""
        second = self._by_region[cluster.region]
        host, port = self._endpoints[cluster.region].rsplit(":", 1)
        return {
            "DBInstanceIdentifier": second.identifier,
            "DBInstanceArn": cluster.arn.replace(f":cluster:{cluster.identifier}", f":db:{second.identifier}"),
            "DBClusterIdentifier": cluster.identifier,
            "DBInstanceStatus": self.status(cluster),
            "Engine": ENGINE,
            "Endpoint": {"Address": host, "Port": int(port)},
            "AvailabilityZone": second_zone(cluster.region),
            "MultiAZ": False,
            "PromotionTier": 1,
        }

    @staticmethod
    def _make(second: Second, machines: Machines) -> None:
        try:
            machines.make_second_database(second.cluster.region)
        except EstateError as error:
            second.problem, second.making = str(error), "failed"
            return
        second.making = "made"


def _in_step(cluster: Cluster) -> bool:
    name = second_zone(cluster.region).replace("-", "_")

    async def question(connection: Connection) -> bool:
        row = await (await connection.execute(_IN_STEP, (name,))).fetchone()
        return row is not None and bool(row[0])

    return asyncio.run(ask(cluster.database.dsn, question, limit_s=ANSWER_S))


def _seen(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except EstateError:
        return False
