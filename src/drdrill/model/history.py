"""The closed record of one drill: all that judgement may know."""

from __future__ import annotations

from dataclasses import dataclass

from drdrill.model.drill import Drill
from drdrill.model.frozen import Frozen
from drdrill.model.mark import Mark
from drdrill.model.operation import Operations
from drdrill.model.survivors import Survivors


class Recorder(Frozen):
    """One recording process: its number, what it was, whether it closed its record, and the bound of its clock.

    ``attempted`` is the number of slots it used. ``clock_offset_ns`` is to be added to its times to get the drill's.
    """

    number: int
    name: str
    closed: bool
    attempted: int
    torn: int = 0
    clock_offset_ns: int = 0
    clock_bound_ns: int = 0


class JournalEntry(Frozen):
    """One activity as the Chaos Toolkit journal has it."""

    activity: str
    ok: bool


@dataclass(frozen=True)
class History:
    """Plan, operations, marks, survivors (first read first), and the performer's own journal (None: there is none).

    ``problems`` are sentences about the record itself (a missing file, a digest that does not match); any of them
    makes the verdict ``unknown``.
    """

    drill: Drill
    journeys: tuple[str, ...]
    regions: tuple[str, ...]
    recorders: tuple[Recorder, ...]
    operations: Operations
    marks: tuple[Mark, ...]
    survivors: tuple[Survivors, ...]
    journal: tuple[JournalEntry, ...] | None
    problems: tuple[str, ...] = ()
