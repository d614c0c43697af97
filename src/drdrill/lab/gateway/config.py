"""What the gateway is told when it starts. Holds secrets (token, connection strings), so it is never evidence."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drdrill.errors import BadInput
from drdrill.model.estate import Address
from drdrill.model.strategy import AURORA_WARM_STANDBY, Strategy
from drdrill.model.target import Target


class Timings(BaseModel):
    """The part of the lab's settings that the gateway uses; times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    strategy: Strategy = AURORA_WARM_STANDBY
    asynchronous_standby_s: float | None = None
    health_check_interval_s: float = Field(default=1.0, gt=0)
    threshold: int = Field(default=3, ge=1, le=10)
    ttl_s: int = Field(default=1, ge=0)
    workers_per_region: int = Field(default=5, ge=1)


class GatewayConfig(BaseModel):
    """Where to listen, and where the data planes are.

    ``checkers`` maps a region to the relay by which health checkers reach its load balancer, ``balancers`` to the load
    balancer itself (which knows its targets), ``edges`` to the address that customers are sent to, ``databases`` to an
    administrator's connection string, ``endpoints`` to the address that DescribeDBClusters names (default: the database's
    own), ``rescues`` to that of a cluster that was restored from a snapshot, ``seconds`` to that of a second instance in another zone, ``writers`` for each region to the address of each writer as seen from there, ``places`` maps each place of a Multi-AZ deployment (zones, the recovery region) to how RDS itself reaches the database
    there, ``control`` to the lab's supervisor, who can restart databases (without it there is no switchover). Without
    ``balancers`` the load balancers are asked by way of ``checkers``. ``shelves`` is where each region's snapshots are kept. ``log`` is the file of the audit trail
    (default: ``api-calls.jsonl`` beside the configuration). Keys of the lab that the gateway does not need are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    bind: str
    port: int
    internal_port: int
    token: str
    dns: Address
    target: Target
    settings: Timings = Timings()
    checkers: dict[str, str] = {}
    balancers: dict[str, str] = {}
    edges: dict[str, str] = {}
    databases: dict[str, str] = {}
    endpoints: dict[str, str] = {}
    places: dict[str, str] = {}
    rescues: dict[str, str] = {}
    seconds: dict[str, str] = {}
    writers: dict[str, dict[str, str]] = {}
    control: Address | None = None
    shelves: dict[str, Address] = {}
    log: Path = Path("api-calls.jsonl")


def read_config(path: Path) -> GatewayConfig:
    """The configuration in a JSON file. Raises ``BadInput`` with every problem."""
    try:
        config = GatewayConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput("the lab's AWS API does not start", [f"{path} cannot be read: {error.strerror}"]) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise BadInput(f"the lab's AWS API does not start, {path} is wrong", problems) from error
    return config.model_copy(update={"log": path.parent / config.log})
