"""The recovery of one journey: whether it was down, when it was served again, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from drdrill.measure.attempts import Attempts
from drdrill.measure.clock import Clock
from drdrill.measure.disaster import Disaster
from drdrill.measure.doubt import operations_to_be_sure
from drdrill.measure.figures import interval_s, seconds_of
from drdrill.measure.journey import JourneyOperations
from drdrill.measure.outage import Outage, merge_flapping, runs_below
from drdrill.measure.phases import split
from drdrill.measure.punctuality import lag_us
from drdrill.measure.windows import operations_needed, slide
from drdrill.model.drill import ServiceLevel
from drdrill.model.judgement import Interval, Phase, Recovery
from drdrill.model.mark import Mark

_State = Literal["restored", "never down", "never restored", "not yet stable", "not evaluable"]


@dataclass(frozen=True)
class Watch:
    """From the request of a disaster that was shown to bite to ``end_ns``, and what "served" means in it."""

    disaster: Disaster
    end_ns: int
    level: ServiceLevel
    spacing_ns: int
    clock: Clock
    marks: tuple[Mark, ...]

    @property
    def request_ns(self) -> int:
        """``t_request``."""
        assert self.disaster.request_ns is not None
        return self.disaster.request_ns

    @property
    def proved_ns(self) -> int:
        """``t_proved``."""
        assert self.disaster.proved_ns is not None
        return self.disaster.proved_ns

    @property
    def hold_ns(self) -> int:
        """H: how long the level must last before a recovery counts."""
        return round(self.level.hold_s * 1e9)


@dataclass(frozen=True)
class Recovered:
    """A recovery, the seconds below the level as an interval, and the operations that show it."""

    recovery: Recovery
    below_s: Interval
    seen_for_s: float
    lag_s: float
    witnesses: tuple[int, ...]


def recover(watch: Watch, attempts: Attempts, everything: JourneyOperations) -> Recovered:
    """How one journey came through the disaster."""
    seen = everything.between(watch.request_ns, watch.end_ns)
    windows = slide(seen.due_ns, seen.good, watch.level, watch.end_ns)
    runs = runs_below(seen.good, windows)
    return _Observation(
        watch=watch,
        attempts=attempts,
        everything=everything,
        seen=seen,
        evaluable=len(windows.met),
        runs=merge_flapping(runs, seen.due_ns, 0),
        outages=merge_flapping(runs, seen.due_ns, watch.hold_ns),
    ).recovered()


@dataclass(frozen=True)
class _Observation:
    watch: Watch
    attempts: Attempts
    everything: JourneyOperations
    seen: JourneyOperations
    evaluable: int
    runs: tuple[Outage, ...]
    outages: tuple[Outage, ...]

    def recovered(self) -> Recovered:
        state = self.state()
        first = self.outages[0] if self.outages else None
        lag_ns = self.lag_ns(first)
        widen_ns = self.watch.clock.bound_ns + lag_ns
        has_end = state in ("restored", "not yet stable")
        recovery = Recovery(
            journey=self.seen.name,
            kind=self.seen.kind,
            state=state,
            rta_s=self.rta(state, widen_ns),
            outage_began_s=None if first is None else self.watch.clock.at(self.due(first.first_bad)),
            restored_s=self.since_request(first, widen_ns) if first is not None and has_end else None,
            watched_s=seconds_of(self.watch.end_ns - self.watch.request_ns),
            window_s=self.watch.level.window_s,
            due=len(self.seen.rows),
            bad=len(self.seen.rows) - int(np.count_nonzero(self.seen.good)),
            stale=self.seen.stale,
            seconds_below=self.below(0).high or 0.0,
            relapses=tuple(self.relapse(outage, widen_ns) for outage in self.outages[1:]),
            phases=self.phases(first) if first is not None and has_end else (),
        )
        return Recovered(
            recovery, self.below(widen_ns), seconds_of(self.seen_until_ns()), seconds_of(lag_ns), self.witnesses()
        )

    def state(self) -> _State:
        if not self.evaluable:
            return "not evaluable"
        if not self.outages:
            return "never down"
        if self.outages[0].is_open:
            return "never restored"
        held_ns = self.watch.request_ns + self.seen_until_ns() - self.restored_ns(self.outages[0])[1]
        return "restored" if held_ns >= self.watch.hold_ns else "not yet stable"

    def seen_until_ns(self) -> int:
        """How long after the request this journey was really observed: to the end of the watch, or of its traffic."""
        if not len(self.seen.due_ns):
            return 0
        last_ns = int(self.seen.due_ns[-1]) + round(self.watch.level.window_s * 1e9)
        return min(self.watch.end_ns, last_ns) - self.watch.request_ns

    def due(self, place: int) -> int:
        return int(self.seen.due_ns[place])

    def done(self, place: int) -> int:
        return int(self.attempts.time_at("done_ns", self.seen.rows[place : place + 1])[0])

    def restored_ns(self, outage: Outage) -> tuple[int, int]:
        assert outage.over is not None and outage.after is not None
        over_ns = self.done(outage.over)
        return min(self.due(outage.before), over_ns), max(over_ns, self.done(outage.after))

    def sure(self, outage: Outage) -> int:
        """The place of the operation after which it is sure that the failing had ended (``measure.doubt``)."""
        assert outage.after is not None
        good = self.seen.good[outage.again : outage.last_bad + 1]
        fine = int(np.count_nonzero(good))
        window_end_ns = self.due(outage.after) + round(self.watch.level.window_s * 1e9)
        held = int(np.searchsorted(self.seen.due_ns, window_end_ns)) - outage.after
        at_most = max(held, operations_needed(self.watch.level.good_share))
        needed = operations_to_be_sure(len(good) - fine, fine, at_most)
        later = np.flatnonzero(self.seen.good[outage.after :])[:needed]
        return outage.after + int(later[-1])

    def surely_restored_ns(self, outage: Outage) -> tuple[int, int]:
        """``restored_ns``, its upper end moved on where good operations may have been luck."""
        low, high = self.restored_ns(outage)
        return low, max(high, self.done(self.sure(outage)))

    def since_request(self, outage: Outage, widen_ns: int) -> Interval:
        low, high = self.surely_restored_ns(outage)
        return interval_s(low - self.watch.request_ns, high - self.watch.request_ns, widen_ns=widen_ns)

    def rta(self, state: _State, widen_ns: int) -> Interval | None:
        if state == "never down":
            return interval_s(0, self.longest_gap_ns(), widen_ns=widen_ns)
        if state in ("restored", "not yet stable"):
            low, high = self.surely_restored_ns(self.outages[0])
            return interval_s(low - self.watch.proved_ns, high - self.watch.request_ns, widen_ns=widen_ns)
        return None

    def longest_gap_ns(self) -> int:
        """The longest time without a good operation; what follows the last one, up to the end of the watch, counts."""
        good_ns = self.everything.due_ns[self.everything.good]
        low, high = np.searchsorted(good_ns, (self.watch.request_ns, self.watch.end_ns))
        before_ns = int(good_ns[low - 1]) if low else self.watch.request_ns
        moments = np.concatenate(([before_ns], good_ns[low:high], [self.watch.end_ns]))
        return int(np.diff(moments).max())

    def relapse(self, outage: Outage, widen_ns: int) -> Interval:
        ended = None if outage.is_open else self.restored_ns(outage)[1] - self.watch.request_ns
        return interval_s(self.due(outage.first_bad) - self.watch.request_ns, ended, widen_ns=widen_ns)

    def below(self, widen_ns: int) -> Interval:
        spans = [self.span_ns(run) for run in self.runs]
        widen_ns = widen_ns if spans else 0
        return interval_s(sum(low for low, _ in spans), sum(high for _, high in spans), widen_ns=widen_ns)

    def span_ns(self, run: Outage) -> tuple[int, int]:
        began_ns = self.due(run.first_bad)
        if run.is_open:
            until_ns = self.watch.request_ns + self.seen_until_ns() - began_ns
            return until_ns, until_ns
        low, high = self.restored_ns(run)
        return max(low - began_ns, 0), high - began_ns

    def phases(self, outage: Outage) -> tuple[Phase, ...]:
        return split(self.watch.disaster, self.watch.marks, self.restored_ns(outage)[1], self.watch.clock)

    def lag_ns(self, outage: Outage | None) -> int:
        """The schedule lag by which intervals widen: 0 while it stays within the probe spacing."""
        lag_ns = self.seen.lags.p99_ns() or 0
        if outage is not None:
            ends = (outage.before, outage.last_bad, outage.over, outage.after)
            places = [place for place in ends if place is not None]
            places += [] if outage.is_open else [self.sure(outage)]
            shown = self.attempts.slots(self.seen.rows[places])
            lag_ns = max(lag_ns, int(lag_us(shown.column("sent_ns"), shown.column("due_ns")).max()) * 1000)
        return lag_ns if lag_ns > self.watch.spacing_ns else 0

    def witnesses(self) -> tuple[int, ...]:
        places = [
            place
            for outage in self.outages[:5]
            for place in (outage.first_bad, outage.last_bad, outage.over, outage.after)
            if place is not None
        ]
        return self.attempts.ids_at(self.seen.rows[list(dict.fromkeys(places))]) if places else ()
