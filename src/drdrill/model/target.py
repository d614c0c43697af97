"""The estate a drill is pointed at, as the bank describes it. Holds names, never secrets."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drdrill.model.frozen import Frozen


class FrontDoor(Frozen):
    """Where customers come in: a name, a port, and the Route 53 zone and health check that move it."""

    host: str
    port: int = Field(gt=0, lt=65536)
    hosted_zone: str
    record_ttl_s: int = Field(default=60, ge=0)
    health_check_interval_s: float = Field(default=10.0, gt=0)
    health_check_threshold: int = Field(default=3, ge=1, le=10)


class Aurora(Frozen):
    """An Aurora Global Database: the global identifier, and the cluster in each region."""

    global_cluster: str
    clusters: dict[str, str]


class Target(Frozen):
    """One estate: its regions, where its data may live, and the names of its resources."""

    name: str
    kind: Literal["lab", "aws"]
    account_id: str = Field(pattern=r"^\d{12}$")
    primary_region: str
    recovery_region: str
    allowed_regions: tuple[str, ...] = ("ap-south-1", "ap-south-2")
    front_door: FrontDoor
    aurora: Aurora
    load_balancers: dict[str, str]
    distributions: dict[str, str]
    workers_per_region: int = Field(default=5, ge=1)
    release: str

    @property
    def regions(self) -> tuple[str, str]:
        """Primary first, recovery second."""
        return (self.primary_region, self.recovery_region)
