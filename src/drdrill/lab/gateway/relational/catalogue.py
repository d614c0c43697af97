"""Which control plane stands for which data strategy."""

from __future__ import annotations

from collections.abc import Callable

from drdrill.errors import EstateError
from drdrill.lab.gateway.relational.aurora_global import AuroraGlobalPart
from drdrill.lab.gateway.relational.multi_az import MultiAzPart
from drdrill.lab.gateway.relational.native_replication import NativeReplicationPart
from drdrill.lab.gateway.relational.relational import Relational, Surroundings
from drdrill.lab.gateway.relational.snapshot_copy import SnapshotCopyPart
from drdrill.model.strategy import DataStrategy

PARTS: dict[DataStrategy, Callable[[Surroundings], Relational]] = {
    "aurora-global": AuroraGlobalPart,
    "multi-az": MultiAzPart,
    "native-replication": NativeReplicationPart,
    "snapshot-copy": SnapshotCopyPart,
}


def relational_for(strategy: DataStrategy, around: Surroundings) -> Relational:
    """The control plane of a strategy. Raises ``EstateError`` when the gateway has none."""
    make = PARTS.get(strategy)
    if make is None:
        known = ", ".join(sorted(PARTS))
        raise EstateError(f"the gateway does not start: it has no control plane for {strategy}; it has {known}")
    return make(around)
