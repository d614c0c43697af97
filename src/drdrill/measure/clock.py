"""The drill's clock: what is added to each recorder's times, and how far any of them may still be off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drdrill.measure.figures import seconds_of
from drdrill.model.history import Recorder


@dataclass(frozen=True)
class Clock:
    """``zero_ns`` is the instant that a judgement calls 0 s; ``bound_ns`` widens every interval."""

    zero_ns: int
    bound_ns: int
    offsets_ns: Mapping[int, int]

    def at(self, time_ns: int) -> float:
        """Seconds since zero, on the drill's own clock."""
        return seconds_of(int(time_ns) - self.zero_ns)


def drill_clock(recorders: Iterable[Recorder], zero_ns: int) -> Clock:
    """The clock of one drill: the widest bound of any recorder, and the offsets that are not zero."""
    known = tuple(recorders)
    return Clock(
        zero_ns=zero_ns,
        bound_ns=max((recorder.clock_bound_ns for recorder in known), default=0),
        offsets_ns={recorder.number: recorder.clock_offset_ns for recorder in known if recorder.clock_offset_ns},
    )
