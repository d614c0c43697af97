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


class MultiAz(Frozen):
    """An RDS Multi-AZ DB instance in the primary region, and its read replicas: one beside it, one in the other region.

    ``zones`` are where the instance begins and where its standby is. ``endpoint_ttl_s`` is the life of the answer to the
    endpoint's name; RDS's own is 5 s.
    """

    instance: str
    zones: tuple[str, str]
    reader: str
    reader_zone: str
    remote_reader: str
    endpoint_ttl_s: int = Field(default=5, ge=0)


class Rds(Frozen):
    """RDS instances by region; that of the recovery region does not exist before a recovery makes it."""

    instances: dict[str, str]


Look = Literal["front-door", "region-api", "checkers"]


class Snapshots(Frozen):
    """Snapshots that are copied to the recovery region, and the monitor that recovers from them. Times are at full scale.

    ``table`` is the DynamoDB table in the recovery region where the copies and the recovery are noted; ``kept`` is how many
    snapshots stay in each region. The monitor looks every ``monitor_interval_s``, each look ends after ``monitor_timeout_s``, and
    ``monitor_threshold`` looks in a row must all find the primary gone.
    """

    table: str
    interval_s: float = Field(default=900.0, gt=0)
    kept: int = Field(default=4, ge=2)
    monitor_interval_s: float = Field(default=60.0, gt=0)
    monitor_timeout_s: float = Field(default=10.0, gt=0)
    monitor_threshold: int = Field(default=3, ge=1)
    monitor_looks: tuple[Look, ...] = Field(default=("front-door", "region-api", "checkers"), min_length=1)


class Native(Frozen):
    """A pair of servers that replicate by the engine's own means, managed by the bank: no AWS API knows of them."""

    engine: Literal["postgresql", "oracle", "sql-server"]


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
    multi_az: MultiAz | None = None
    rds: Rds | None = None
    snapshots: Snapshots | None = None
    native: Native | None = None
    load_balancers: dict[str, str]
    distributions: dict[str, str]
    workers_per_region: int = Field(default=5, ge=1)
    release: str

    @property
    def regions(self) -> tuple[str, str]:
        """Primary first, recovery second."""
        return (self.primary_region, self.recovery_region)
