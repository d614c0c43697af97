"""How a bank survives: its data one way, its application another."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drdrill.model.frozen import Frozen

DataStrategy = Literal[
    "aurora-global",
    "dynamodb-global-table",
    "snapshot-copy",
    "s3-crr",
    "native-replication",
    "multi-az",
]
ApplicationStrategy = Literal["active-active", "warm-standby", "pilot-light"]


class WriterEndpoint(Frozen):
    """The application writes wherever a name leads that the control plane moves: Aurora's global writer endpoint.

    ``ttl_s`` is the life of the name's answer; ``client_cache_s`` is how long the application's own resolver remembers it, if that is longer.
    """

    ttl_s: int = Field(default=5, ge=0)
    client_cache_s: float = Field(default=0.0, ge=0)


class Strategy(Frozen):
    """How the data survives and how the application survives.

    ``writer_endpoint`` None: each region's application knows its own region's database, by number.
    """

    data: DataStrategy
    application: ApplicationStrategy
    writer_endpoint: WriterEndpoint | None = None


AURORA_WARM_STANDBY = Strategy(data="aurora-global", application="warm-standby")
"""The first strategy of the mission's estate: what a lab is when nobody says otherwise."""
