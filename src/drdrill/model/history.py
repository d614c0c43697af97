"""The closed record of one drill: all that judgement may know."""

from __future__ import annotations

from dataclasses import dataclass

from drdrill.model.chain import Chain
from drdrill.model.drill import Drill
from drdrill.model.frozen import Frozen
from drdrill.model.mark import Mark
from drdrill.model.operation import Operations
from drdrill.model.reconciliation import ReconciliationRecord
from drdrill.model.survivors import Survivors

UNMEASURED_NS = 1 << 62
"""The clock bound of a record whose recorder was on another machine: nothing is known of its clock but its readings."""


NOBODY = 0
"""No recorder has this number: it stands for a record of which nobody can say whose it was."""


class ClockReading(Frozen):
    """At ``at_ns`` of a recorder's own clock the drill's clock was ``offset_ns`` ahead of it, right to ``error_ns``."""

    at_ns: int
    offset_ns: int
    error_ns: int


class Recorder(Frozen):
    """One recording process: its number, what it was, whether it closed its record, and the bound of its clock.

    ``attempted`` is the number of slots it used. ``clock_offset_ns`` is to be added to its times to get the drill's; where it
    had a clock of its own its operations are on the drill's clock already, and ``clock_readings`` are what they were moved by.
    ``unusable`` says why its operations are left out (empty: they are not).
    """

    number: int
    name: str
    closed: bool
    attempted: int
    torn: int = 0
    clock_offset_ns: int = 0
    clock_bound_ns: int = 0
    clock_readings: tuple[ClockReading, ...] = ()
    unusable: str = ""


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
    operations: Operations | Chain
    marks: tuple[Mark, ...]
    survivors: tuple[Survivors, ...]
    journal: tuple[JournalEntry, ...] | None
    problems: tuple[str, ...] = ()
    reconciliation: ReconciliationRecord | None = None
