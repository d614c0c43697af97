"""What the gateway asks of a relational control plane, whichever strategy it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from drdrill.lab.control import LabControl
from drdrill.lab.gateway.cloudwatch import CloudWatch
from drdrill.lab.gateway.config import GatewayConfig
from drdrill.lab.gateway.darkness import Darkness
from drdrill.lab.gateway.endpoint_names import EndpointNames
from drdrill.lab.gateway.operation import Operation


@dataclass(frozen=True)
class Surroundings:
    """What a control plane works with. ``supervisor`` is None in a gateway that runs without a lab.

    ``names`` is where it says which address an endpoint's name has now.
    """

    config: GatewayConfig
    darkness: Darkness
    cloudwatch: CloudWatch
    supervisor: LabControl | None
    names: EndpointNames = field(default_factory=EndpointNames)


class Relational(Protocol):
    """The databases' side of the AWS API, with its own threads."""

    def operations(self) -> Mapping[str, Mapping[str, Operation]]:
        """Native operations by service (``rds`` and whatever else belongs to it) and name."""

    def start(self) -> None:
        """Begin to watch and to publish metrics."""

    def stop(self) -> None:
        """End, and close every connection."""

    def status(self) -> dict[str, Any]:
        """How things are, for the supervisor; ``problems`` are sentences."""
