"""An opened estate: where everything really is, right now. Holds secrets (dsn), so it is never evidence."""

from __future__ import annotations

from drdrill.model.frozen import Frozen
from drdrill.model.strategy import AURORA_WARM_STANDBY, Strategy
from drdrill.model.target import Target


class Address(Frozen):
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Estate(Frozen):
    """Addresses of one opened estate.

    ``aws_endpoints`` maps a region (and ``"global"``) to the URL of its AWS API; empty means the real AWS.
    ``dns`` is the name server to ask; None means the system's own. ``ledgers`` maps a region to the PostgreSQL
    connection string of a reader of the books there. ``front_doors`` maps a region to its load balancer as an
    operator reaches it. ``strategy`` is how this estate keeps its data and its application: it decides whom to ask who
    writes. ``operators`` maps a region to the connection string of a role that may fence and promote the database there,
    where the bank replicates by itself. ``lab_dir`` is set for the lab alone.
    """

    target: Target
    strategy: Strategy = AURORA_WARM_STANDBY
    aws_endpoints: dict[str, str]
    dns: Address | None
    ledgers: dict[str, str]
    front_doors: dict[str, Address]
    operators: dict[str, str] = {}
    lab_dir: str | None = None


class Session(Frozen):
    """What every process of one open drill needs to know; written 0600 and named by ``DRDRILL_SESSION``."""

    drill_id: str
    evidence_dir: str
    disaster: str
    estate: Estate
    plan_path: str
