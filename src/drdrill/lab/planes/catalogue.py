"""Which plane stands for which data strategy."""

from __future__ import annotations

from collections.abc import Callable

from drdrill.errors import EstateError
from drdrill.lab.planes.aurora_global import AuroraGlobalPlane
from drdrill.lab.planes.multi_az import MultiAzPlane
from drdrill.lab.planes.native_replication import NativeReplicationPlane
from drdrill.lab.planes.plane import Ground, Plane
from drdrill.lab.planes.snapshot_copy import SnapshotCopyPlane
from drdrill.model.strategy import DataStrategy

PLANES: dict[DataStrategy, Callable[[Ground], Plane]] = {
    "aurora-global": AuroraGlobalPlane,
    "multi-az": MultiAzPlane,
    "native-replication": NativeReplicationPlane,
    "snapshot-copy": SnapshotCopyPlane,
}


def plane_for(strategy: DataStrategy, ground: Ground) -> Plane:
    """The plane of a strategy. Raises ``EstateError`` when the lab has none."""
    make = PLANES.get(strategy)
    if make is None:
        known = ", ".join(sorted(PLANES))
        raise EstateError(f"the lab was not opened: it has no data plane for {strategy}; it has {known}")
    return make(ground)
