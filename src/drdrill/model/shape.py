"""The shape of a drill's arrivals beside the steady one: a spike, a day of the bank, a recording; and how a plan writes it."""

from __future__ import annotations

from pydantic import Field, model_validator

from drdrill.model.frozen import Frozen
from drdrill.model.quantity import PerSecond, Seconds


class Spike(Frozen):
    """Once, ``after_s`` from the start of the traffic, the rate climbs to the peak in ``climb_s``, stays for ``lasts_s``, and falls as it climbed."""

    peak_per_s: float = Field(gt=0)
    after_s: float = Field(ge=0)
    climb_s: float = Field(default=0.0, ge=0)
    lasts_s: float = Field(gt=0)

    def contradiction(self, ramp_s: float) -> str | None:
        """Why this spike and that ramp do not go together, if they do not."""
        early = f"the spike after {self.after_s:g} s would begin before the ramp of {ramp_s:g} s is over"
        return early if self.after_s < ramp_s else None


class BankingDay(Frozen):
    """A salary day from ``begins_h`` o'clock, in ``day_s`` seconds instead of 24 hours; the planned rate is the busiest hour's."""

    day_s: float = Field(gt=0)
    begins_h: float = Field(default=0.0, ge=0, lt=24)

    def contradiction(self, ramp_s: float) -> str | None:
        """A day has no ramp beside its own."""
        return "a banking day has its own rates from the first second: leave the ramp out" if ramp_s else None


class Replay(Frozen):
    """Arrivals as they were recorded: the file, its digest when the plan was read (empty: any), and how many times faster it is played."""

    file: str = Field(min_length=1)
    sha256: str = ""
    speed: float = Field(default=1.0, gt=0)

    def contradiction(self, ramp_s: float) -> str | None:
        """A recording has no ramp beside its own."""
        return "a replay has its own arrivals from the first second: leave the ramp out" if ramp_s else None


Shape = Spike | BankingDay | Replay


class _PlannedSpike(Frozen):
    peak: PerSecond
    after: Seconds
    climb: Seconds = 0.0
    lasts: Seconds

    def frozen(self) -> Spike:
        return Spike(peak_per_s=self.peak, after_s=self.after, climb_s=self.climb, lasts_s=self.lasts)


class _PlannedDay(Frozen):
    day: Seconds
    begins: Seconds = 0.0

    @model_validator(mode="after")
    def _is_a_day(self) -> _PlannedDay:
        if self.day <= 0:
            raise ValueError("a day must last for some time")
        if self.begins >= 24 * 3600:
            raise ValueError("a day begins before its 24th hour")
        return self

    def frozen(self) -> BankingDay:
        return BankingDay(day_s=self.day, begins_h=self.begins / 3600)


class _PlannedReplay(Frozen):
    file: str = Field(min_length=1)
    speed: float = Field(default=1.0, gt=0)

    def frozen(self) -> Replay:
        return Replay(file=self.file, speed=self.speed)


class PlannedShape(Frozen):
    """A shape as a plan writes it: exactly one of ``spike``, ``banking_day`` and ``replay``, with units."""

    spike: _PlannedSpike | None = None
    banking_day: _PlannedDay | None = None
    replay: _PlannedReplay | None = None

    @model_validator(mode="after")
    def _is_one(self) -> PlannedShape:
        named = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"a shape is one of spike, banking_day and replay, not {' and '.join(named) or 'nothing'}")
        return self

    def frozen(self) -> Shape:
        """The shape in seconds, hours, and operations a second."""
        planned = self.spike or self.banking_day or self.replay
        assert planned is not None
        return planned.frozen()
