"""The contract of every fault: inject, prove that it bites, heal; inseparable."""

from __future__ import annotations

from typing import Any, Protocol

from drdrill.model.frozen import Frozen

PLANNED_SWITCHOVER = "planned-switchover"
"""The name by which a plan calls a planned exchange of roles its disaster: no fault of the catalogue, and nothing to undo."""


class Undo(Frozen):
    """How one fault is taken back, written down before it is injected: data, never code."""

    undo_id: str
    fault: str
    parameters: dict[str, Any]


class Fault(Protocol):
    """One way in which the estate can be hurt.

    ``heal`` may run twice, after half an injection, without any, and from another process: it needs the parameters alone.
    """

    name: str

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""

    def inject(self) -> None:
        """Hurt the estate. May fail halfway; ``heal`` must cope."""

    def prove(self) -> str:
        """The sentence that says how it is known that the fault bites; raises ``Unprovable`` when it does not."""

    def heal(self) -> None:
        """Take it back, fencing first where something could revive. Raises ``Unprovable`` if that is not safe."""

    def prove_healed(self) -> str:
        """The sentence that says how it is known that the fault is gone; raises ``Unprovable`` when it is not."""
