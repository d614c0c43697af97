"""Damage snapshots where they lie: AWS goes on calling them available, and no database can be made from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drdrill.errors import BadInput, Unprovable
from drdrill.faults.reach import Reach


class SnapshotDamage:
    """Bits are turned among the tables of each of ``snapshots`` in ``region``."""

    name = "snapshot-damage"

    def __init__(self, reach: Reach, *, region: str, snapshots: Sequence[str]) -> None:
        self._reach = reach
        self._region = region
        self._snapshots = tuple(snapshots)

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"region": self._region, "snapshots": list(self._snapshots)}

    def inject(self) -> None:
        """Turn the bits of all of them. Raises ``BadInput`` for one that is not there, before any is touched."""
        there = self._reach.lab.whole_snapshots(self._region)
        missing = [
            f"there is no whole snapshot {name!r} in {self._region}; there are {', '.join(there) or 'none'}"
            for name in self._snapshots
            if name not in there
        ]
        if missing or not self._snapshots:
            raise BadInput("not injecting", missing or ["no snapshot was named"])
        for name in self._snapshots:
            self._reach.lab.damage_snapshot(self._region, name, damaged=True)

    def prove(self) -> str:
        """Read it back; raises ``Unprovable`` when one of them is sound."""
        sound = [name for name in self._snapshots if not self._is_damaged(name)]
        if sound:
            raise Unprovable(f"the damage is not proved: {', '.join(sound)} in {self._region} is sound")
        return f"{len(self._snapshots)} snapshots in {self._region} read back as damaged: {', '.join(self._snapshots)}"

    def heal(self) -> None:
        """Turn the bits back; a snapshot that is sound, or was removed meanwhile, is left alone."""
        for name in self._snapshots:
            self._reach.lab.damage_snapshot(self._region, name, damaged=False)

    def prove_healed(self) -> str:
        """Read it back; raises ``Unprovable`` while one of them is damaged."""
        damaged = [name for name in self._snapshots if self._is_damaged(name)]
        if damaged:
            raise Unprovable(f"the damage is not healed: {', '.join(damaged)} in {self._region} is damaged")
        return f"{len(self._snapshots)} snapshots in {self._region} read back as sound, or removed"

    def _is_damaged(self, name: str) -> bool:
        return self._reach.lab.is_snapshot_damaged(self._region, name)
