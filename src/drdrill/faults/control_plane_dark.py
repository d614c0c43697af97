"""Darken a region's control plane, and nothing else: its data planes go on, and nobody can tell them to stop."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from drdrill.aws.global_cluster import describe_global_cluster
from drdrill.errors import BadInput, Unprovable
from drdrill.faults.reach import Reach


class ControlPlaneDark:
    """The AWS API of ``region`` answers nobody."""

    name = "control-plane-dark"

    def __init__(self, reach: Reach, *, region: str) -> None:
        if region not in reach.estate.target.regions:
            known = ", ".join(reach.estate.target.regions)
            raise BadInput("not injecting", [f"{region!r} is not a region of the target; it has {known}"])
        self._reach = reach
        self._region = region

    def parameters(self) -> dict[str, Any]:
        """What another process needs to heal this fault."""
        return {"region": self._region}

    def inject(self) -> None:
        """Calls that are signed for the region hang from here on."""
        self._reach.lab.darken(self._region)

    def prove(self) -> str:
        """Ask the region's API; only silence proves it. Raises ``Unprovable`` when anything answers."""
        if not self._reach.lab.is_dark(self._region) or self._answers():
            raise Unprovable(f"the darkness is not proved: the API of {self._region} answers")
        return f"the API of {self._region} does not answer"

    def heal(self) -> None:
        """Light it again; lighting a lit region changes nothing."""
        self._reach.lab.lighten(self._region)

    def prove_healed(self) -> str:
        """Ask again; raises ``Unprovable`` when nobody answers."""
        if self._reach.lab.is_dark(self._region) or not self._answers():
            raise Unprovable(f"the darkness is not healed: the API of {self._region} does not answer")
        return f"the API of {self._region} answers"

    def _answers(self) -> bool:
        try:
            describe_global_cluster(self._reach.aws, self._region)
        except BotoCoreError:
            return False
        except (ClientError, Unprovable):
            return True  # a refusal is an answer, too
        return True
