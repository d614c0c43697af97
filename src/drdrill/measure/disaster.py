"""The disaster and the watch: the marks that RTO and RPO refer to. Never inferred from failed requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drdrill.measure.figures import plain, seconds_of
from drdrill.model.drill import Drill
from drdrill.model.mark import (
    FAILBACK_STARTED,
    FAULT_HEALED,
    FAULT_PROVED,
    FAULT_REQUESTED,
    TRAFFIC_STOPPED,
    Mark,
)


@dataclass(frozen=True)
class Disaster:
    """When the one fault that counts was asked for, when it was shown to bite, and how long it was watched.

    ``watch_end_ns`` is None when no mark ended the watch: then the traffic's last operation does.
    """

    name: str
    request_ns: int | None
    proved_ns: int | None
    watch_end_ns: int | None
    watch_ended_by: str

    def missing_because(self) -> str | None:
        """The sentence that says why nothing can be referred to this disaster, or None when it was shown to bite."""
        if self.request_ns is None:
            return f"the disaster {self.name} was never requested"
        if self.proved_ns is None:
            return f"the disaster {self.name} was requested, but not shown to bite"
        return None

    def bit_after(self) -> str:
        """How long the disaster took from the request to the proof, in words."""
        assert self.request_ns is not None and self.proved_ns is not None
        return f"{plain(seconds_of(self.proved_ns - self.request_ns))} s"


def find_disaster(drill: Drill, marks: Iterable[Mark]) -> Disaster:
    """The first request of the named disaster, the first proof after it, and the first mark that ends the watch.

    A fault that is not the disaster may heal without ending the watch.
    """
    ordered = in_time(marks)
    request = _first(ordered, FAULT_REQUESTED, 0, drill.disaster)
    if request is None:
        return Disaster(drill.disaster, None, None, None, "nothing")
    proved = _first(ordered, FAULT_PROVED, request, drill.disaster)
    ends = [
        (at_ns, words)
        for at_ns, words in (
            (_first(ordered, FAULT_HEALED, request, drill.disaster), "the fault was healed"),
            (_first(ordered, FAILBACK_STARTED, request), "the failback began"),
            (_first(ordered, TRAFFIC_STOPPED, request), "the traffic stopped"),
        )
        if at_ns is not None
    ]
    end_ns, words = min(ends) if ends else (None, "the last operation was due")
    return Disaster(drill.disaster, request, proved, end_ns, words)


def in_time(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Marks in the order in which they happened; marks of one instant keep the order in which they were written."""
    return tuple(sorted(marks, key=lambda mark: mark.at_ns))


def _first(marks: Iterable[Mark], name: str, since_ns: int, fault: str | None = None) -> int | None:
    return next(
        (
            mark.at_ns
            for mark in marks
            if mark.name == name and mark.at_ns >= since_ns and (fault is None or mark.detail.get("fault") == fault)
        ),
        None,
    )
