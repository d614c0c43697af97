"""Aurora Global Database in the AWS API: roles, movements, and the lag that its secondary reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drdrill.lab.endpoint import global_endpoint_host
from drdrill.lab.gateway.aurora import AuroraGlobal
from drdrill.lab.gateway.database import Database
from drdrill.lab.gateway.lag import LagWatch
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.rds import Rds
from drdrill.lab.gateway.relational.relational import Surroundings
from drdrill.lab.gateway.restored import RestoredClusters
from drdrill.lab.gateway.second_zone import SecondInstances


class AuroraGlobalPart:
    """The global database of the target, over the two servers of the lab."""

    def __init__(self, around: Surroundings) -> None:
        config = around.config
        self._databases = [Database(region, config.databases[region]) for region in config.target.aurora.clusters]
        by_region = {database.region: database for database in self._databases}
        supervisor = around.supervisor
        switch = supervisor.switch_databases if supervisor else None
        rejoin = supervisor.rejoin_database if supervisor else None
        self._config, self._names = config, around.names
        self._aurora = AuroraGlobal(config.target, by_region, around.darkness, switch, rejoin, self._point_endpoint)
        self._lag = LagWatch(self._aurora, around.darkness, around.cloudwatch.publish_lag)
        restored = RestoredClusters(self._aurora, supervisor, config.rescues)
        self._seconds = SecondInstances(supervisor, config.seconds)
        self._rds = Rds(self._aurora, config.endpoints, restored, self._seconds, self._writer_endpoint)

    def operations(self) -> Mapping[str, Mapping[str, Operation]]:
        """RDS alone."""
        return {"rds": self._rds.operations()}

    def start(self) -> None:
        """Answer for the writer endpoint, and begin to measure the lag."""
        self._point_endpoint(self._config.target.primary_region)
        self._lag.start()

    def _point_endpoint(self, writer: str) -> None:
        """Let the writer endpoint lead to this region's database, if the application asks for it by name."""
        endpoint = self._config.settings.strategy.writer_endpoint
        for asker, addresses in self._config.writers.items():
            host = self._writer_endpoint(asker)
            if endpoint is not None and host is not None:
                self._names.point(host, addresses[writer], endpoint.ttl_s)

    def _writer_endpoint(self, asker: str) -> str | None:
        target = self._config.target
        if self._config.settings.strategy.writer_endpoint is None:
            return None
        return global_endpoint_host(target.aurora.global_cluster, asker, target.account_id)

    def stop(self) -> None:
        """Measure no more, and close the connections."""
        self._aurora.stop()
        self._lag.stop()
        for database in self._databases:
            database.close()

    def status(self) -> dict[str, Any]:
        """Who writes, what is under way, what waits for light."""
        writer = self._aurora.writer
        return {
            "writer": writer.region if writer else None,
            "failing_over": self._aurora.movement is not None,
            "pending_snapshots": list(self._aurora.pending_snapshots),
            "problems": [*self._aurora.problems, *self._seconds.problems],
            "rejoined": {c.region: c.rejoined.model_dump() for c in self._aurora.clusters if c.rejoined},
            "lag_ms": {region: lag.replayed_ms for region, lag in self._lag.newest.items()},
        }
