"""The way home as marks tell it: when the failback began, was asked for, and was seen to begin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from drdrill.measure.disaster import Disaster, in_time
from drdrill.model.drill import FailbackObjectives
from drdrill.model.history import History
from drdrill.model.mark import FAILBACK_PROVED, FAILBACK_REQUESTED, FAILBACK_STARTED, RECOVERY_DECLARED, TRAFFIC_STOPPED


@dataclass(frozen=True)
class WayHome:
    """The marks of a failback; None where there is none."""

    history: History
    declared_ns: int | None
    started_ns: int | None
    requested_ns: int | None
    proved_ns: int | None
    ended_ns: int | None

    @classmethod
    def of(cls, history: History) -> WayHome | None:
        """The failback of a drill; None when none was planned and none was asked for."""
        first: dict[str, int] = {}
        for mark in in_time(history.marks):
            first.setdefault(mark.name, mark.at_ns)
        names = (RECOVERY_DECLARED, FAILBACK_STARTED, FAILBACK_REQUESTED, FAILBACK_PROVED, TRAFFIC_STOPPED)
        declared, started, requested, proved, ended = (first.get(name) for name in names)
        if history.drill.objectives.failback is None and requested is None:
            return None
        return cls(history, declared, started, requested, proved, ended)

    @property
    def objectives(self) -> FailbackObjectives:
        """What was approved for it; nothing, when the plan says nothing."""
        return self.history.drill.objectives.failback or FailbackObjectives()

    @cached_property
    def missing_because(self) -> str | None:
        """Why nothing can be said of it, or None when it was asked for and seen to begin."""
        if self.requested_ns is None:
            return "the failback was never asked for"
        if self.proved_ns is None:
            return "the failback was asked for, but nobody saw the other region refuse payments"
        return None

    @property
    def moment(self) -> Disaster:
        """The request of the exchange and its proof, in the words of a disaster."""
        return Disaster("failback", self.requested_ns, self.proved_ns, self.ended_ns, "the traffic stopped")
