"""RDS Multi-AZ in the AWS API: the instance whose endpoint moves between zones, its read replicas, its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from drdrill.errors import EstateError
from drdrill.lab.endpoint import endpoint_host
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.relational.multi_az_events import Events
from drdrill.lab.gateway.relational.multi_az_instance import Instance
from drdrill.lab.gateway.relational.multi_az_rds import MultiAzRds
from drdrill.lab.gateway.relational.multi_az_watch import Watch
from drdrill.lab.gateway.relational.relational import Surroundings
from drdrill.lab.zones import multi_az_of


class MultiAzPart:
    """The deployment of the target, over the servers of the lab."""

    def __init__(self, around: Surroundings) -> None:
        if around.supervisor is None:
            raise EstateError(
                "the gateway does not start: a Multi-AZ deployment needs a lab that can build its servers"
            )
        config = around.config
        self._config = config
        self._names = around.names
        self._target = config.target
        self._deployment = multi_az_of(config.target)
        self._events = Events()
        self._watches = {place: Watch(place, dsn) for place, dsn in config.places.items()}
        self._instance = Instance(
            self._deployment.zones,
            (self._deployment.reader_zone, self._target.recovery_region),
            self._watches,
            around.supervisor,
            self._tell,
            self._move,
            asynchronous=config.settings.asynchronous_standby_s is not None,
        )
        self._rds = MultiAzRds(self._target, self._deployment, self._instance, self._watches, self._events)

    def operations(self) -> Mapping[str, Mapping[str, Operation]]:
        """RDS alone."""
        return {"rds": self._rds.operations()}

    def start(self) -> None:
        """Answer for the endpoints, and begin to watch."""
        self._move(self._deployment.zones[0])
        self._point(self._deployment.reader, self._deployment.reader_zone)
        self._instance.start()

    def stop(self) -> None:
        """Watch no more, and close the connections."""
        self._instance.stop()

    def status(self) -> dict[str, Any]:
        """Who writes, where, and who waits for whom."""
        state = self._instance.state
        return {
            "writer": self._target.primary_region,
            "primary_zone": state.primary,
            "standby_zone": state.standby,
            "status": self._instance.status,
            "following": dict(state.following),
            "failing_over": state.moving,
            "problems": list(state.problems),
        }

    def _move(self, zone: str) -> None:
        self._point(self._deployment.instance, zone)

    def _point(self, identifier: str, zone: str) -> None:
        host = endpoint_host(identifier, self._target.primary_region, self._target.account_id)
        address = str(conninfo_to_dict(self._config.places[zone])["host"])
        self._names.point(host, address, self._deployment.endpoint_ttl_s)

    def _tell(self, category: str, message: str) -> None:
        identifier = self._deployment.instance
        self._events.tell(identifier, self._rds.arn(identifier, self._target.primary_region), category, message)
