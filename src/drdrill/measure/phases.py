"""Where the time went: the recovery, split at the marks. The parts add up; a missing mark is never guessed."""

from __future__ import annotations

from collections.abc import Iterable

from drdrill.measure.clock import Clock
from drdrill.measure.disaster import Disaster, in_time
from drdrill.model.judgement import Phase, Recovery
from drdrill.model.mark import DATABASE_WRITABLE, OUTAGE_DETECTED, RECOVERY_DECLARED, TRAFFIC_ROUTED, Mark

_ENDED_BY = (
    ("detect", OUTAGE_DETECTED),
    ("decide", RECOVERY_DECLARED),
    ("promote", DATABASE_WRITABLE),
    ("route", TRAFFIC_ROUTED),
)

_PLANNED = (
    ("inject", "stop writing"),
    ("detect, decide and promote", "promote"),
    ("detect, decide, promote", "promote"),
)


def split(disaster: Disaster, marks: Iterable[Mark], restored_ns: int, clock: Clock) -> tuple[Phase, ...]:
    """The parts of ``[t_request, t_restored]``, in order.

    Each mark is its first after the request. One that comes before its predecessor, or after the end, is moved to it:
    its part then takes no time. Where a mark is missing its neighbours are one part, named together.
    """
    assert disaster.request_ns is not None
    began_ns = disaster.request_ns
    pending: list[str] = []
    parts: list[Phase] = []
    for name, ended_ns in [*_ends(disaster, marks), ("warm up", restored_ns)]:
        pending.append(name)
        if ended_ns is None:
            continue
        until_ns = min(max(ended_ns, began_ns), restored_ns)
        parts.append(Phase(name=_together(pending), began_s=clock.at(began_ns), ended_s=clock.at(until_ns)))
        began_ns, pending = until_ns, []
    return tuple(parts)


def as_planned(recovery: Recovery) -> Recovery:
    """The same with the parts of a planned movement: it injects, detects and decides nothing, so they have names of their own."""
    phases = tuple(phase.model_copy(update={"name": _planned(phase.name)}) for phase in recovery.phases)
    return recovery.model_copy(update={"phases": phases})


def _planned(name: str) -> str:
    for word, ours in _PLANNED:
        name = name.replace(word, ours)
    return name


def _ends(disaster: Disaster, marks: Iterable[Mark]) -> list[tuple[str, int | None]]:
    assert disaster.request_ns is not None
    first: dict[str, int] = {}
    for mark in in_time(marks):
        if mark.at_ns >= disaster.request_ns:
            first.setdefault(mark.name, mark.at_ns)
    return [("inject", disaster.proved_ns), *((name, first.get(mark)) for name, mark in _ENDED_BY)]


def _together(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
