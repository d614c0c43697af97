"""The judge: one closed history in, one judgement out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from drdrill.measure.absence import without_the_absent
from drdrill.measure.attempts import Attempts
from drdrill.measure.books import check_books
from drdrill.measure.clock import Clock, drill_clock
from drdrill.measure.clock_findings import clock_findings
from drdrill.measure.conduct import abort_findings, disaster_finding, heal_finding, record_finding, was_aborted
from drdrill.measure.disaster import Disaster, find_disaster, in_time
from drdrill.measure.failback import JourneyHome, failback_of, journey_home
from drdrill.measure.failback_loss import LossHome, failback_loss_findings, loss_home, unknown_loss_home
from drdrill.measure.findings import crashed, finding, unknown
from drdrill.measure.journals import journal_finding
from drdrill.measure.journey import JourneyOperations, Journeys
from drdrill.measure.ledgers import Ledgers, ledgers_of
from drdrill.measure.loss import find_moments, measured_loss, unknown_loss
from drdrill.measure.loss_findings import LossView, loss_findings, unread_findings
from drdrill.measure.phases import as_planned
from drdrill.measure.reading import Reading, believe
from drdrill.measure.reconcile import Reconciliation, reconcile
from drdrill.measure.reconciliation_step import forgive_settled, reconciliation_finding, settlement_of
from drdrill.measure.recovery import Recovered, Watch, recover
from drdrill.measure.recovery_findings import recovery_findings, unobserved
from drdrill.measure.series import Buckets, bucket_s, buckets_over, journey_series
from drdrill.measure.snapshots import snapshot_findings
from drdrill.measure.staleness import flag_stale
from drdrill.measure.survey import Survey, survey
from drdrill.measure.verdicts import Crash, attempt, exit_status, gravest
from drdrill.measure.way_home import WayHome
from drdrill.model.chain import chained
from drdrill.model.fault import PLANNED_SWITCHOVER
from drdrill.model.history import History
from drdrill.model.judgement import (
    BookCheck,
    Failback,
    Finding,
    Interval,
    JourneySeries,
    Judgement,
    Loss,
    MarkAt,
    Recovery,
    Settlement,
    Timeline,
    Verdict,
)


def judge(history: History) -> Judgement:
    """Everything that ``history`` supports, and nothing else.

    Pure: the same history gives the same judgement, byte for byte. Never raises for what a history holds: a check that
    cannot be made is ``unknown`` with the reason.
    """
    return _Case(history).judgement()


@dataclass(frozen=True)
class _JourneyCase:
    findings: tuple[Finding, ...]
    recovery: Recovery | None
    series: JourneySeries | None
    home: JourneyHome | None = None


@dataclass(frozen=True)
class _LossCase:
    findings: tuple[Finding, ...]
    loss: Loss
    books: tuple[BookCheck, ...]


class _Case:
    """One history, and what has been worked out about it so far."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._disaster: Disaster = find_disaster(history.drill, history.marks)
        self._clock: Clock = drill_clock(history.recorders, _zero_ns(history, self._disaster))
        self._survey: Survey = survey(history, self._clock)
        self._attempts: Attempts = self._survey.attempts

    def judgement(self) -> Judgement:
        loss = self._loss_case()
        journeys = [self._journey_case(number, name) for number, name in enumerate(self._history.journeys)]
        findings = (
            _checked("disaster", "The disaster", lambda: disaster_finding(self._disaster)),
            *without_the_absent(self._history, (found for journey in journeys for found in journey.findings)),
            *self._never_seen(journeys),
            *without_the_absent(self._history, loss.findings),
            *without_the_absent(self._history, self._afterwards(journeys)),
            *_snapshots(self._history, self._disaster),
            *_clocks(self._history),
            _checked("heal", "Healing", lambda: heal_finding(self._history)),
            _checked("journal", "The journal", lambda: journal_finding(self._history)),
            _checked("record", "The record", lambda: record_finding(self._history, self._attempts)),
            *abort_findings(self._history),
        )
        verdict = gravest(found.verdict for found in findings)
        lag_ns = self._survey.lag_p99_ns
        return Judgement(
            drill_id=self._history.drill.drill_id,
            verdict=verdict,
            exit_status=exit_status(verdict, aborted=was_aborted(self._history)),
            findings=findings,
            disaster_s=self._disaster_s(),
            recoveries=tuple(journey.recovery for journey in journeys if journey.recovery is not None),
            loss=loss.loss,
            books=loss.books,
            timeline=self._timeline(journeys),
            marks=tuple(self._marks()),
            schedule_lag_p99_ms=None if lag_ns is None else round(lag_ns / 1e6, 3),
            operations=self._survey.used,
            failback=self._failback(journeys),
            settlement=self._settlement(),
        )

    # The evidence, worked out once

    @cached_property
    def _reading(self) -> Reading:
        return believe(self._history, self._survey)

    @cached_property
    def _found(self) -> Reconciliation | Crash:
        return attempt("the survivors", self._reconciled)

    def _reconciled(self) -> Reconciliation:
        found = reconcile(self._attempts, self._reading.valid, self._disaster.proved_ns)
        forgive_settled(self._history, self._attempts, self._reading, found)
        if self._disaster.proved_ns is not None:
            ledgers, rows = ledgers_of(found.survivors.entries)
            self._grouped = ledgers
            flag_stale(self._survey, found, rows, ledgers, self._disaster.proved_ns)
        return found

    def _ledgers(self, found: Reconciliation) -> Ledgers:
        return self._grouped or ledgers_of(found.survivors.entries)[0]

    _grouped: Ledgers | None = None

    @cached_property
    def _unread(self) -> str | None:
        """Why the survivors prove nothing, or None when they do."""
        if self._reading.invalid_because is not None:
            return self._reading.invalid_because
        return self._found.because if isinstance(self._found, Crash) else None

    @cached_property
    def _journeys(self) -> Journeys:
        found = None if self._unread is not None or isinstance(self._found, Crash) else self._found
        is_watched = self._disaster.missing_because() is None and self._survey.due_ns is not None
        watch_ns = (self._watch().request_ns, self._watch().end_ns) if is_watched else None
        return Journeys(self._attempts, self._history.journeys, self._history.drill.service_level, found, watch_ns)

    @cached_property
    def _buckets(self) -> Buckets | None:
        return None if self._survey.due_ns is None else buckets_over(*self._survey.due_ns, self._clock)

    # Loss and books

    def _loss_case(self) -> _LossCase:
        if self._unread is not None or isinstance(self._found, Crash):
            return self._unread_case(str(self._unread))
        found = self._found
        told = attempt("the loss", lambda: self._measured(found))
        return self._unread_case(told.because) if isinstance(told, Crash) else told

    def _unread_case(self, because: str) -> _LossCase:
        findings = tuple(unread_findings(self._history.drill, because))
        return _LossCase(findings, unknown_loss(self._history, self._disaster, because), ())

    def _measured(self, found: Reconciliation) -> _LossCase:
        moments = find_moments(self._attempts, found, self._disaster.request_ns)
        loss = measured_loss(self._history, self._disaster, self._attempts, found, moments)
        view = LossView(self._history.drill, self._disaster, self._attempts, found, moments, loss)
        books = attempt("the books", lambda: check_books(self._attempts, found, self._ledgers(found)))
        checks = () if isinstance(books, Crash) else books
        return _LossCase((*loss_findings(view), _books_finding(books)), loss, checks)

    # Journeys

    def _journey_case(self, number: int, name: str) -> _JourneyCase:
        told = attempt(name, lambda: self._observed(number, name))
        if isinstance(told, Crash):
            return _JourneyCase((unobserved(self._history.drill, name, told.because),), None, None)
        return told

    def _observed(self, number: int, name: str) -> _JourneyCase:
        operations = self._journeys.take(number)
        if operations is None or self._buckets is None:
            return _JourneyCase((), None, None)
        series = journey_series(self._buckets, operations)
        if name not in self._planned:
            # What an experiment sends by itself is no service that anybody approved an objective for.
            return _JourneyCase((), None, series)
        missing = self._disaster.missing_because()
        if missing is not None:
            return _JourneyCase((unobserved(self._history.drill, name, missing),), None, series)
        seen = recover(self._watch(), self._attempts, operations)
        findings = tuple(recovery_findings(self._history.drill, seen, self._unread))
        return _JourneyCase(findings, self._claimed(seen, operations), series, self._home(operations))

    def _claimed(self, seen: Recovered, operations: JourneyOperations) -> Recovery:
        """The recovery as far as it may be claimed: without survivors, nothing about a journey that writes."""
        if self._unread is None or operations.kind == "read":
            planned = self._disaster.name == PLANNED_SWITCHOVER
            return as_planned(seen.recovery) if planned else seen.recovery
        nothing: dict[str, Any] = {
            "state": "not evaluable",
            "rta_s": None,
            "outage_began_s": None,
            "restored_s": None,
            "relapses": (),
            "phases": (),
        }
        return seen.recovery.model_copy(update=nothing)

    def _watch(self) -> Watch:
        drill, end_ns = self._history.drill, self._disaster.watch_end_ns
        if end_ns is None:
            assert self._survey.due_ns is not None
            end_ns = self._survey.due_ns[1] + 1
        return Watch(
            disaster=self._disaster,
            end_ns=end_ns,
            level=drill.service_level,
            spacing_ns=round(drill.traffic.probe_spacing_s * 1e9),
            clock=self._clock,
            marks=self._history.marks,
        )

    # The way home, and the reconciliation

    @cached_property
    def _way_home(self) -> WayHome | None:
        return WayHome.of(self._history)

    def _home(self, operations: JourneyOperations) -> JourneyHome | None:
        if self._way_home is None:
            return None
        return journey_home(self._way_home, self._watch(), self._attempts, operations, self._unread)

    def _afterwards(self, journeys: list[_JourneyCase]) -> Iterator[Finding]:
        """The findings on what followed the recovery: the failback, and the reconciliation of what was lost."""
        for journey in journeys:
            yield from journey.home.findings if journey.home is not None else ()
        if self._way_home is not None:
            home = self._loss_home
            if isinstance(home, LossHome):
                yield from failback_loss_findings(self._way_home, home)
            else:
                yield from unknown_loss_home(self._way_home, home)
        if self._history.drill.reconcile or self._history.reconciliation is not None:
            if self._unread is not None:
                yield unknown("reconciliation", "Reconciliation", self._unread)
            else:
                yield _checked("reconciliation", "Reconciliation", self._reconciliation_finding)

    @cached_property
    def _loss_home(self) -> LossHome | str:
        """What the way home lost, or why that cannot be said."""
        assert self._way_home is not None
        if self._unread is not None or isinstance(self._found, Crash):
            return str(self._unread)
        way, found = self._way_home, self._found
        told = attempt("the failback", lambda: loss_home(way, self._attempts, found))
        return told.because if isinstance(told, Crash) else told

    def _failback(self, journeys: list[_JourneyCase]) -> Failback | None:
        if self._way_home is None or self._disaster.missing_because() is not None or self._buckets is None:
            return None
        lost = self._loss_home
        homes = [journey.home for journey in journeys if journey.home is not None]
        return failback_of(self._way_home, self._watch(), homes, lost if isinstance(lost, LossHome) else None)

    def _reconciliation_finding(self) -> Finding:
        assert not isinstance(self._found, Crash)
        made = reconciliation_finding(self._history, self._attempts, self._reading, self._found)
        assert made is not None
        return made

    def _settlement(self) -> Settlement | None:
        if self._unread is not None or isinstance(self._found, Crash):
            return None
        found = self._found
        told = attempt(
            "the settlement",
            lambda: settlement_of(self._history, self._attempts, self._reading, found, self._clock),
        )
        return None if isinstance(told, Crash) else told

    @cached_property
    def _planned(self) -> tuple[str, ...]:
        """The journeys of the planned traffic: those that the objectives are about."""
        traffic = self._history.drill.traffic
        loaded = [name for name, weight in traffic.journeys.items() if weight > 0] if traffic.rate_per_s > 0 else []
        return tuple(dict.fromkeys([*loaded, *traffic.probe_journeys]))

    def _never_seen(self, journeys: list[_JourneyCase]) -> Iterator[Finding]:
        """A journey that was planned and of which there is no operation proves nothing, and must say so."""
        told = {found.id for journey in journeys for found in journey.findings}
        for name in self._planned:
            if f"rto.{name}" not in told:
                yield unobserved(self._history.drill, name, f"no operation of {name} was recorded")

    # What is told beside the findings

    def _disaster_s(self) -> Interval | None:
        if self._disaster.request_ns is None or self._disaster.proved_ns is None:
            return None
        return Interval(low=0.0, high=self._clock.at(self._disaster.proved_ns))

    def _timeline(self, journeys: list[_JourneyCase]) -> Timeline | None:
        if self._buckets is None:
            return None
        series = tuple(journey.series for journey in journeys if journey.series is not None)
        return Timeline(
            began_s=self._clock.at(self._buckets.began_ns), bucket_s=bucket_s(self._buckets), journeys=series
        )

    def _marks(self) -> Iterator[MarkAt]:
        for mark in in_time(self._history.marks):
            yield MarkAt(
                name=mark.name, at_s=self._clock.at(mark.at_ns), source=mark.source, detail=_finite(mark.detail)
            )


def _zero_ns(history: History, disaster: Disaster) -> int:
    """The request of the disaster; without one, the first thing that happened, so that times are at least readable."""
    if disaster.request_ns is not None:
        return disaster.request_ns
    moments = [mark.at_ns for mark in history.marks]
    if not moments and len(history.operations):
        moments.append(min(int(piece["due_ns"].min()) for piece in chained(history.operations).pieces))
    return min(moments, default=0)


def _checked(identity: str, title: str, check: Callable[[], Finding]) -> Finding:
    made = attempt(title, check)
    return crashed(identity, title, made) if isinstance(made, Crash) else made


def _snapshots(history: History, disaster: Disaster) -> tuple[Finding, ...]:
    told = attempt("the snapshots", lambda: tuple(snapshot_findings(history, disaster)))
    return (crashed("snapshot-phase", "Phase in the snapshot interval", told),) if isinstance(told, Crash) else told


def _clocks(history: History) -> tuple[Finding, ...]:
    told = attempt("the clocks", lambda: tuple(clock_findings(history)))
    return (crashed("clock", "The recorders' clocks", told),) if isinstance(told, Crash) else told


def _books_finding(books: tuple[BookCheck, ...] | Crash) -> Finding:
    title, asked = "Integrity of the books", "every rule holds"
    if isinstance(books, Crash):
        return crashed("books", title, books, asked)
    verdict = gravest(check.verdict for check in books)
    told = "; ".join(f"{check.rule}: {check.seen}" for check in books if check.verdict is not Verdict.PASS)
    if verdict is Verdict.UNKNOWN:
        return unknown("books", title, told or "no rule was checked", asked)
    told = told or f"{len(books)} rules hold"
    heads = ("The books are sound", "The books are broken")
    return finding("books", title, heads, verdict, told, observed=told, objective=asked)


def _finite(value: Any) -> Any:
    """Details of marks are anything; JSON has no word for infinity, nor for what is not a number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
