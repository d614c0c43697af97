"""What the recovery of one journey says about the objectives: RTO, relapses, seconds below the level, failed share."""

from __future__ import annotations

from collections.abc import Iterator

from drdrill.measure.figures import counted, plain, spread
from drdrill.measure.findings import asked_s, finding, unknown
from drdrill.measure.recovery import Recovered
from drdrill.measure.verdicts import by_interval, weakened
from drdrill.measure.windows import operations_needed
from drdrill.model.drill import Drill
from drdrill.model.judgement import Finding, Interval, Verdict


def rto_title(journey: str) -> str:
    """The title of the RTO finding of a journey."""
    return f"RTO for {journey}"


def recovery_findings(drill: Drill, seen: Recovered, unread: str | None) -> Iterator[Finding]:
    """Every finding on one journey. ``unread`` is why the survivors prove nothing, or None when they do."""
    if unread is not None and seen.recovery.kind == "write":
        yield from _unprovable(drill, seen.recovery.journey, unread)
        return
    for found in _provable(drill, seen):
        # Reads were not compared with the survivors: a stale one may have counted as good, so only a fail is certain.
        yield found if unread is None else _with_doubt(found, unread)


def unobserved(drill: Drill, journey: str, because: str) -> Finding:
    """The finding on a journey of which nothing can be said."""
    return unknown(f"rto.{journey}", rto_title(journey), because, asked_s(drill, drill.objectives.rto_s))


def _unprovable(drill: Drill, journey: str, unread: str) -> Iterator[Finding]:
    because = f"no write can prove recovery, because {unread}"
    yield unobserved(drill, journey, because)
    yield unknown(f"relapse.{journey}", f"Relapses of {journey}", because, _times(drill.objectives.relapses))
    if drill.objectives.seconds_below_s is not None:
        asked = asked_s(drill, drill.objectives.seconds_below_s)
        yield unknown(f"seconds-below.{journey}", f"Seconds below the level for {journey}", because, asked)
    if drill.objectives.failed_share is not None:
        asked = _percent(drill.objectives.failed_share)
        yield unknown(f"failed-share.{journey}", f"Failed share of {journey}", because, asked)


def _with_doubt(found: Finding, unread: str) -> Finding:
    verdict = weakened(found.verdict)
    if verdict is found.verdict:
        return found
    reason = f"{found.title} unknown: stale reads could not be told, because {unread}"
    return found.model_copy(update={"verdict": verdict, "reason": reason})


def _provable(drill: Drill, seen: Recovered) -> Iterator[Finding]:
    yield _rto(drill, seen)
    yield _relapses(drill, seen)
    if drill.objectives.seconds_below_s is not None:
        yield _seconds_below(drill, seen, drill.objectives.seconds_below_s)
    if drill.objectives.failed_share is not None:
        yield _failed_share(seen, drill.objectives.failed_share)


def _rto(drill: Drill, seen: Recovered) -> Finding:
    recovery, objective = seen.recovery, drill.objectives.rto_s
    observed, told = _observed(drill, seen)
    verdict = _rto_verdict(seen, objective)
    if verdict is Verdict.UNKNOWN and recovery.state in ("restored", "never down"):
        told += ", and the interval does not decide"
    if seen.lag_s:
        widened = f"widened by {plain(seen.lag_s)} s, because the recorders themselves sent late"
        late = f"the recorders themselves sent up to {plain(seen.lag_s)} s late"
        told += f" ({late if recovery.rta_s is None else widened})"
    return finding(
        f"rto.{recovery.journey}",
        rto_title(recovery.journey),
        (f"RTO met for {recovery.journey}", f"RTO missed for {recovery.journey}"),
        verdict,
        told,
        observed=observed,
        objective=asked_s(drill, objective),
        interval=recovery.rta_s,
        unit="s",
        witnesses=seen.witnesses,
    )


def _rto_verdict(seen: Recovered, objective: float | None) -> Verdict:
    recovery = seen.recovery
    if objective is None:
        return Verdict.NOT_ASSESSED
    if recovery.state == "never restored":
        return Verdict.FAIL if seen.seen_for_s >= objective else Verdict.UNKNOWN
    if recovery.state in ("not yet stable", "not evaluable") or recovery.rta_s is None:
        return Verdict.UNKNOWN
    return by_interval(recovery.rta_s, objective)


def _observed(drill: Drill, seen: Recovered) -> tuple[str, str]:
    """What was observed, in short and as the middle of a sentence."""
    recovery = seen.recovery
    who = "payments were" if recovery.kind == "write" else f"{recovery.journey} was"
    match recovery.state:
        case "not evaluable":
            need = operations_needed(drill.service_level.good_share)
            due = counted(recovery.due, "operation")
            told = f"too few operations: {due} due in the {plain(recovery.watched_s)} s watched, a window needs {need}"
            return "not evaluable", told
        case "never restored":
            told = f"not restored within the {plain(seen.seen_for_s)} s watched"
            return told, f"{who} {told}"
        case _:
            assert recovery.rta_s is not None
            length = spread(recovery.rta_s, "s")
    if recovery.state == "never down":
        longest = plain(recovery.rta_s.high or 0.0)
        return f"never down ({length})", f"{who} never down, at most {longest} s between two good operations"
    if recovery.state == "not yet stable":
        hold = plain(drill.service_level.hold_s)
        return f"{length}, not yet stable", f"{who} down {length}, but the level was not seen to hold for {hold} s"
    return length, f"{who} down {length}"


def _relapses(drill: Drill, seen: Recovered) -> Finding:
    recovery, objective = seen.recovery, drill.objectives.relapses
    number = len(recovery.relapses)
    interval = Interval(low=number, high=number)
    verdict = Verdict.NOT_ASSESSED if objective is None else by_interval(interval, objective)
    told = counted(number, "later outage")
    if recovery.relapses:
        told += f" (the first began after {plain(recovery.relapses[0].low)} s)"
    if recovery.state not in ("restored", "never down"):
        verdict = weakened(verdict)
        told += f" seen, but {recovery.journey} was {recovery.state}"
    return finding(
        f"relapse.{recovery.journey}",
        f"Relapses of {recovery.journey}",
        (f"Relapses of {recovery.journey} within the objective", f"Too many relapses of {recovery.journey}"),
        verdict,
        told,
        observed=counted(number, "relapse"),
        objective=_times(objective),
        interval=interval,
        unit="relapses",
        witnesses=seen.witnesses if recovery.relapses else (),
    )


def _seconds_below(drill: Drill, seen: Recovered, objective: float) -> Finding:
    verdict, journey = by_interval(seen.below_s, objective), seen.recovery.journey
    return finding(
        f"seconds-below.{journey}",
        f"Seconds below the level for {journey}",
        (f"{journey} was below the level within the objective", f"{journey} was below the level too long"),
        weakened(verdict) if seen.recovery.state == "not evaluable" else verdict,
        f"{spread(seen.below_s, 's')} below the level",
        observed=spread(seen.below_s, "s"),
        objective=asked_s(drill, objective),
        interval=seen.below_s,
        unit="s",
        witnesses=seen.witnesses,
    )


def _failed_share(seen: Recovered, objective: float) -> Finding:
    recovery = seen.recovery
    identity, title = f"failed-share.{recovery.journey}", f"Failed share of {recovery.journey}"
    if not recovery.due:
        return unknown(identity, title, "no operation was due in the watch", _percent(objective))
    failed = round(recovery.bad / recovery.due, 9)
    interval = Interval(low=failed, high=failed)
    return finding(
        identity,
        title,
        (f"{title} within the objective", f"{title} too high"),
        by_interval(interval, objective),
        f"{recovery.bad} of {counted(recovery.due, 'operation')} were not good ({_percent(failed)})",
        observed=_percent(failed),
        objective=_percent(objective),
        interval=interval,
        unit="share",
    )


def _times(objective: int | None) -> str | None:
    return None if objective is None else counted(objective, "relapse")


def _percent(part: float) -> str:
    return f"{plain(part * 100)} %"
