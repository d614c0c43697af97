"""The failback as a recovery of its own: when it was asked for, how each journey came through it, what it lost.

Its clock starts at ``failback.requested``, just before the roles are exchanged. From ``failback.started`` until then the old primary
rejoins, and customers should not notice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drdrill.measure.attempts import Attempts
from drdrill.measure.disaster import Disaster
from drdrill.measure.failback_loss import LossHome
from drdrill.measure.figures import plain
from drdrill.measure.findings import finding, unknown
from drdrill.measure.journey import JourneyOperations
from drdrill.measure.phases import as_planned
from drdrill.measure.recovery import Recovered, Watch, recover
from drdrill.measure.recovery_findings import recovery_findings
from drdrill.measure.way_home import WayHome
from drdrill.model.drill import Objectives
from drdrill.model.judgement import Failback, Finding, Recovery, Verdict


@dataclass(frozen=True)
class JourneyHome:
    """One journey on the way home."""

    findings: tuple[Finding, ...]
    recovery: Recovery | None


def journey_home(
    way: WayHome, watch: Watch, attempts: Attempts, operations: JourneyOperations, unread: str | None
) -> JourneyHome:
    """How one journey came through the failback. ``watch`` is the disaster's, for the level, the clock and the spacing."""
    drill = way.history.drill
    if way.missing_because is not None:
        because = way.missing_because
        return JourneyHome(
            (unknown(f"failback.rto.{operations.name}", _title(operations), because, _asked(way)),), None
        )
    assert way.requested_ns is not None
    end_ns = watch.end_ns if way.ended_ns is None else way.ended_ns
    marks = tuple(mark for mark in way.history.marks if mark.at_ns >= way.requested_ns)
    seen = recover(
        replace(watch, disaster=way.moment, end_ns=max(end_ns, way.requested_ns), marks=marks), attempts, operations
    )
    plan = drill.model_copy(update={"objectives": Objectives(rto_s=way.objectives.rto_s, relapses=0)})
    told = [_of_the_failback(one) for one in recovery_findings(plan, seen, unread)]
    quiet = _quiet(way, watch, attempts, operations)
    claimed = unread is None or operations.kind == "read"
    return JourneyHome((*told, *([] if quiet is None else [quiet])), as_planned(seen.recovery) if claimed else None)


def _title(operations: JourneyOperations) -> str:
    return f"Failback: RTO for {operations.name}"


def _asked(way: WayHome) -> str | None:
    return None if way.objectives.rto_s is None else f"{plain(way.objectives.rto_s)} s"


def _of_the_failback(one: Finding) -> Finding:
    words = {"id": f"failback.{one.id}", "title": f"Failback: {one.title}", "reason": f"Failback: {one.reason}"}
    return one.model_copy(update=words)


def _quiet(way: WayHome, watch: Watch, attempts: Attempts, operations: JourneyOperations) -> Finding | None:
    """Whether customers noticed the rejoining; None when it was too short for a window of this journey."""
    if way.started_ns is None or way.requested_ns is None or way.started_ns >= way.requested_ns:
        return None
    begun = Disaster("rejoin", way.started_ns, way.started_ns, way.requested_ns, "the failback was asked for")
    seen = recover(replace(watch, disaster=begun, end_ns=way.requested_ns), attempts, operations)
    if seen.recovery.state == "not evaluable":
        return None
    return _rejoin_finding(operations.name, seen)


def _rejoin_finding(journey: str, seen: Recovered) -> Finding:
    quiet = seen.recovery.state == "never down"
    below = plain(seen.recovery.seconds_below)
    told = f"{below} s below the level in the {plain(seen.recovery.watched_s)} s that it took"
    heads = (f"Customers did not notice the rejoining ({journey})", f"The rejoining hurt {journey}")
    return finding(
        f"failback.rejoin.{journey}",
        f"Failback: rejoining of the old primary, {journey}",
        heads,
        Verdict.PASS if quiet else Verdict.FAIL,
        told,
        observed=f"{below} s below the level",
        objective="0 s below the level",
        interval=seen.below_s,
        unit="s",
        witnesses=seen.witnesses,
    )


def failback_of(way: WayHome, watch: Watch, homes: list[JourneyHome], lost: LossHome | None) -> Failback | None:
    """The failback as the report tells it, or None when it was never asked for."""
    if way.requested_ns is None:
        return None
    return Failback(
        requested_s=watch.clock.at(way.requested_ns),
        proved_s=None if way.proved_ns is None else watch.clock.at(way.proved_ns),
        recoveries=tuple(home.recovery for home in homes if home.recovery is not None),
        lost=None if lost is None else lost.count,
        oldest_lost_age_s=None if lost is None else lost.age_s,
    )
