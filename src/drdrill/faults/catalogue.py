"""Every fault by name, made from the parameters that its undo record keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drdrill.errors import BadInput
from drdrill.faults.az_loss import AzLoss
from drdrill.faults.control_plane_dark import ControlPlaneDark
from drdrill.faults.forced_failover import ForcedFailover
from drdrill.faults.link_cut import LinkCut
from drdrill.faults.link_delay import LinkDelay
from drdrill.faults.link_throttle import LinkThrottle
from drdrill.faults.reach import Reach
from drdrill.faults.region_loss import RegionLoss
from drdrill.faults.region_partition import RegionPartition
from drdrill.faults.snapshot_damage import SnapshotDamage
from drdrill.model.fault import Fault

CATALOGUE: Mapping[str, Callable[..., Fault]] = {
    RegionLoss.name: RegionLoss,
    RegionPartition.name: RegionPartition,
    LinkCut.name: LinkCut,
    LinkDelay.name: LinkDelay,
    LinkThrottle.name: LinkThrottle,
    SnapshotDamage.name: SnapshotDamage,
    ControlPlaneDark.name: ControlPlaneDark,
    AzLoss.name: AzLoss,
    ForcedFailover.name: ForcedFailover,
}
"""Name to constructor: ``CATALOGUE[name](reach, **parameters)``."""


def make_fault(name: str, parameters: Mapping[str, Any], reach: Reach) -> Fault:
    """The fault of that name. Raises ``BadInput`` for an unknown name or parameters that it does not take."""
    try:
        return CATALOGUE[name](reach, **parameters)
    except KeyError as error:
        raise BadInput(
            "no fault was made", [f"there is no fault {name!r}; there are {', '.join(CATALOGUE)}"]
        ) from error
    except TypeError as error:
        raise BadInput("no fault was made", [f"{name} does not take these parameters: {error}"]) from error
